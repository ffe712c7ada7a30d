"""Position labels beside their points so that none covers another, a mark, or the frame.

The positions around a point are the eight of E. Imhof, Positioning names on maps, The American Cartographer 2(2),
1975, and four between them; the first free one is taken, in the order of priority, which is the greedy algorithm of
J. Christensen, J. Marks, S. Shieber, An empirical study of algorithms for point-feature label placement, ACM
Transactions on Graphics 14(3), 1995. Where none is free, the same positions are tried farther away, on a leader: a line
from the mark to its label. The units are the caller's: cells of a terminal, or pixels.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import median

Position = tuple[float, float]
# The left, top, right and bottom of a box.
Rectangle = tuple[float, float, float, float]
# The start and the end of a line: x, y, x, y.
Segment = tuple[float, float, float, float]

# The positions: on which side of the point the label stands, horizontally (-1 left, 0 centred, 1 right) and vertically
# (-1 above). Beside the mark first, since that is where a line of text is read. Last, those between centred and corner:
# above or below, with an end at the mark.
SIDES = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1))
FLUSH = ((1, -1), (-1, -1), (1, 1), (-1, 1))
# The lengths of leaders that are tried, in heights of the label; 0: beside the mark, without a leader.
LEADERS = (0, 1, 2, 3)
# What is wrong with a place, the worst first: it is over an arrow, on a leader, near the mark of another point.
Defects = tuple[bool, bool, bool]
WORST: Defects = True, True, True


def place_labels(
    points: Sequence[Position],
    sizes: Sequence[tuple[float, float]],
    width: float,
    height: float,
    *,
    radius: float,
    lines: Sequence[Segment] = (),
    step: float = 0.0,
) -> list[Position | None]:
    """The left top corner of each point's label, or None where there is no room for it; y grows downwards.

    points: the centres of the marks. sizes: width and height of each label; a width of 0 means that none is wanted.
    width, height: of the frame, which begins at (0, 0). radius: half the side of a mark. lines: arrows; a label stands
    over one only where it has no other place. step: the corners are multiples of it (1 for cells); 0 for any place.
    A place near another mark, to which a reader might assign the label, is taken only where no other is as good.
    No label is over another, over a mark, over the leader of another (`leader_of`), or beyond the frame. Earlier
    points have priority. Takes time proportional to the number of points, as long as the labels are of similar sizes.

        place_labels([(2.5, 1.5)], [(4, 1)], 20, 3, radius=0.5)  # [(3.0, 1.0)], beside the mark
        place_labels([(2.5, 0.5)], [(4, 1)], 6, 2, radius=0.5, step=1)  # [(1, 1)], below it, since 3 + 4 > 6
    """
    wanted = [size for size in sizes if size[0] > 0]
    if not wanted:
        return [None] * len(points)
    sizes_of_buckets = median(size[0] for size in wanted), median(size[1] for size in wanted)
    taken, marks, leaders, arrows = (_Buckets(*sizes_of_buckets) for _ in range(4))
    for x, y in points:
        taken.add((x - radius, y - radius, x + radius, y + radius))
        marks.add((x - radius, y - radius, x + radius, y + radius))
    for line in lines:
        arrows.add_line(line)
    frame = (0.0, 0.0, width, height)
    corners: list[Position | None] = []
    for point, size in zip(points, sizes, strict=True):
        best, corner = WORST, None
        for candidate in _candidates(point, size, radius, step, frame) if size[0] > 0 else ():
            box = _box(candidate, size)
            if not _is_inside(box, frame) or taken.overlap(box) or leaders.cross(box):
                continue
            leader = leader_of(point, candidate, size, radius)
            if leader is not None and not any(best[:2]):
                break
            if leader is not None and (taken.are_crossed(leader) or leaders.are_crossed(leader)):
                continue
            found = arrows.cross(box), leader is not None, marks.are_near(box, radius, point)
            if corner is None or found < best:
                best, corner = found, candidate
            if not any(found):
                break
        corners.append(corner)
        if corner is not None:
            taken.add(_box(corner, size))
            leader = leader_of(point, corner, size, radius)
            if leader is not None:
                leaders.add_line(leader)
    return corners


def stack_labels(places: Sequence[float], widths: Sequence[float], width: float, rows: int) -> list[int | None]:
    """The row of each label of a number line: 1, 2, … above it, -1, -2, … below it; None where there is no room.

    A label begins at its mark, at the end of an upright leader. The marks are taken from the right to the left, so that
    no leader runs through a label: nearer labels begin on the right of it, or end on the left. rows: the number on each
    side. width: of the frame, which begins at 0.

        stack_labels([0, 1, 9], [5, 5, 3], 20, 2)  # [-1, 1, 1]
    """
    ends = dict.fromkeys((row * side for row in range(1, rows + 1) for side in (1, -1)), width)
    found: list[int | None] = [None] * len(places)
    for i in sorted(range(len(places)), key=lambda i: -places[i]):
        for row, end in ends.items():
            nearer = [one for one in ends if one * row > 0 and abs(one) < abs(row)]
            if places[i] + widths[i] <= end and all(places[i] < ends[one] for one in nearer):
                ends |= dict.fromkeys([row, *nearer], places[i])
                found[i] = row
                break
    return found


def leader_of(point: Position, corner: Position, size: tuple[float, float], radius: float) -> Segment | None:
    """The line from the centre of a mark to the nearest point of its label; None if the label is beside the mark.

    leader_of((2.5, 2.5), (3, 0), (4, 1), 0.5)  # (2.5, 2.5, 3, 1)
    """
    (x, y), (left, top, right, bottom) = point, _box(corner, size)
    nearest = min(max(x, left), right), min(max(y, top), bottom)
    distance = max(abs(nearest[0] - x), abs(nearest[1] - y))
    return None if distance < radius + size[1] / 2 else (x, y, *nearest)


def _box(corner: Position, size: tuple[float, float]) -> Rectangle:
    return (*corner, corner[0] + size[0], corner[1] + size[1])


def _candidates(
    point: Position, size: tuple[float, float], radius: float, step: float, frame: Rectangle
) -> Iterator[Position]:
    """The corners of a label at each position, from beside the mark outwards.

    Where a label is centred on its point, it is moved as far as it must be to stay within the frame.
    """
    (x, y), (width, height) = point, size
    for leader in LEADERS:
        gap = radius + leader * height
        positions = [(*one, gap) for one in SIDES] + [(*one, -radius) for one in FLUSH]
        for side, level, shift in positions:
            left = x + side * shift - width * (1 - side) / 2
            top = y + level * gap - height * (1 - level) / 2
            if step:
                left, top = (math.floor(value / step + 0.5) * step for value in (left, top))
            if side == 0:
                left = max(0.0, min(left, frame[2] - width))
            if level == 0:
                top = max(0.0, min(top, frame[3] - height))
            yield left, top


def _is_inside(box: Rectangle, frame: Rectangle) -> bool:
    return box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]


class _Buckets:
    """Boxes and lines by the squares of a grid that they touch, so that only what is near is compared."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.boxes: defaultdict[tuple[int, int], list[Rectangle]] = defaultdict(list)
        self.lines: defaultdict[tuple[int, int], list[Segment]] = defaultdict(list)

    def add(self, box: Rectangle) -> None:
        for square in self._squares(box):
            self.boxes[square].append(box)

    def add_line(self, line: Segment) -> None:
        for square in self._squares(_bounds(line)):
            self.lines[square].append(line)

    def overlap(self, box: Rectangle) -> bool:
        """Whether a box has an area in common with a box here; touching edges have none."""
        left, top, right, bottom = box
        return any(
            left < other[2] and other[0] < right and top < other[3] and other[1] < bottom
            for square in self._squares(box)
            for other in self.boxes.get(square, ())
        )

    def are_near(self, box: Rectangle, distance: float, own: Position) -> bool:
        """Whether a box here is nearer to a label than a distance, but for those around its own point.

        A label beside its point is read with it, whatever is above and below.
        """
        left, top, right, bottom = box
        apart = 0.0 if top < own[1] < bottom else distance
        wider = left - distance, top - apart, right + distance, bottom + apart
        return any(
            wider[0] < other[2] and other[0] < wider[2] and wider[1] < other[3] and other[1] < wider[3]
            for square in self._squares(wider)
            for other in self.boxes.get(square, ())
            if not (other[0] <= own[0] <= other[2] and other[1] <= own[1] <= other[3])
        )

    def cross(self, box: Rectangle) -> bool:
        """Whether a line here goes through a box."""
        return any(_goes_through(line, box) for square in self._squares(box) for line in self.lines.get(square, ()))

    def are_crossed(self, line: Segment) -> bool:
        """Whether a line goes through a box here, but for the mark that it starts in, or crosses a line here."""
        x, y = line[:2]
        return any(
            any(
                _goes_through(line, box) and not (box[0] <= x <= box[2] and box[1] <= y <= box[3])
                for box in self.boxes.get(square, ())
            )
            or any(_intersect(line, other) for other in self.lines.get(square, ()))
            for square in self._squares(_bounds(line))
        )

    def _squares(self, box: Rectangle) -> Iterator[tuple[int, int]]:
        rows = range(math.floor(box[1] / self.height), math.floor(box[3] / self.height) + 1)
        for column in range(math.floor(box[0] / self.width), math.floor(box[2] / self.width) + 1):
            for row in rows:
                yield column, row


def _bounds(line: Segment) -> Rectangle:
    return min(line[0], line[2]), min(line[1], line[3]), max(line[0], line[2]), max(line[1], line[3])


def _goes_through(line: Segment, box: Rectangle) -> bool:
    """Whether a line has a part inside a box, by the clipping of Y.-D. Liang and B. A. Barsky (1984)."""
    enters, leaves = 0.0, 1.0
    for start, end, low, high in ((line[0], line[2], box[0], box[2]), (line[1], line[3], box[1], box[3])):
        way = end - start
        if way == 0:
            if not low < start < high:
                return False
            continue
        first, last = sorted(((low - start) / way, (high - start) / way))
        enters, leaves = max(enters, first), min(leaves, last)
    return enters < leaves


def _intersect(a: Segment, b: Segment) -> bool:
    """Whether two lines cross: the ends of each are on different sides of the other."""
    return all(_side(one, other[:2]) * _side(one, other[2:]) < 0 for one, other in ((a, b), (b, a)))


def _side(line: Segment, point: Position) -> float:
    """On which side of a line a point is: the sign of the cross product."""
    return (line[2] - line[0]) * (point[1] - line[1]) - (line[3] - line[1]) * (point[0] - line[0])
