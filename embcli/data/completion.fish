# Completion of embcli for fish. `embcli --show-completion fish` prints this file.
function __embcli_complete
    set -l before (commandline -opc)
    set -l token (commandline -ct)
    set -l incomplete (string unescape -- $token)
    for line in ($before[1] _complete fish (math (count $before) - 1) "$incomplete" (commandline -op)[2..-1] 2>/dev/null </dev/null)
        if test "$line" = \t
            set -l head (string match -r -- '^--[^=]*=' $incomplete)
            set -l path (string replace -- "$head" '' $incomplete)
            if string match -q -- '~/*' $path
                # fish does not expand ~ in candidates, and compares them with the token as it is typed.
                __fish_complete_path $HOME(string sub -s 2 -- $path) | string replace -- $HOME '~'
            else
                __fish_complete_path $path | string replace -r -- '^' "$head"
            end
        else
            printf '%s\n' $line
        end
    end
end
complete -c embcli -e
complete -c embcli -f -k -a '(__embcli_complete)'
