# Completion of embcli for fish. `embcli --show-completion fish` prints this file.
function __embcli_complete
    set -l before (commandline -opc)
    set -l token (commandline -ct)
    set -l incomplete (string unescape -- $token)
    for line in ($before[1] _complete fish (math (count $before) - 1) "$incomplete" (commandline -op)[2..-1] 2>/dev/null </dev/null)
        if test "$line" = \t
            set -l head (string match -r -- '^--[^=]*=' $token)
            string replace -r -- '^' "$head" (__fish_complete_path (string replace -- "$head" '' $token))
        else
            printf '%s\n' $line
        end
    end
end
complete -c embcli -e
complete -c embcli -f -k -a '(__embcli_complete)'
