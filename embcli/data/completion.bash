# Completion of embcli for bash 4 and later. `embcli --show-completion bash` prints this file.
_embcli() {
    local line program=${1/#'~/'/"$HOME/"}
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ $line == $'\t' ]]; then
            if [[ ${#COMPREPLY[@]} -eq 0 ]]; then
                compopt -o default # readline completes the name of a file
            else
                compopt -o filenames
                while IFS= read -r line; do
                    COMPREPLY+=("$line")
                done < <(compgen -f -- "$2")
            fi
        else
            COMPREPLY+=("$line")
        fi
    done < <("$program" _complete bash "${COMP_LINE:0:COMP_POINT}" "${COMP_LINE:COMP_POINT}" "$2" 2>/dev/null </dev/null)
}
# Before 4.4, bash has no nosort, and lists the candidates by the alphabet.
complete -o nosort -F _embcli embcli 2>/dev/null || complete -F _embcli embcli
