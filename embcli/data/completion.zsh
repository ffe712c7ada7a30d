#compdef embcli
# Completion of embcli for zsh. `embcli --show-completion zsh` prints this file.
_embcli() {
    local line has_files
    local -a values shown plain
    for line in "${(@f)$(${~words[1]} _complete zsh $((CURRENT - 2)) "${(Q)PREFIX}" "${(@Q)words[2,-1]}" 2>/dev/null </dev/null)}"; do
        if [[ $line == $'\t' ]]; then
            has_files=1
        elif [[ $line == *$'\t' ]]; then
            plain+=("${line%$'\t'}")
        elif [[ -n $line ]]; then
            values+=("${line%%$'\t'*}")
            shown+=("${line#*$'\t'}")
        fi
    done
    # -V keeps the order of the candidates.
    (( $#plain )) && compadd -V embcli -a plain
    (( $#values )) && compadd -V embcli-described -l -d shown -a values
    if [[ -n $has_files ]]; then
        [[ $PREFIX == --*=* ]] && compset -P '*='
        _files
    fi
}
if [[ $funcstack[1] == _embcli ]]; then
    _embcli "$@" # zsh has loaded this file from fpath, and is completing now
else
    (( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
    compdef _embcli embcli
fi
