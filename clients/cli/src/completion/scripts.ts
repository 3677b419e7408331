/** Shells for which there is a script. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

// Each script gives the words of the line to `dlq complete` and shows its lines: a value, a tab, what it is. Without a line the
// shell completes files.

const BASH = `# bash completion for dlq
_dlq() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("\${line%%$'\\t'*}")
    done < <(dlq complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _dlq dlq
`;

const ZSH = `#compdef dlq
# zsh completion for dlq
_dlq() {
    local line
    local -a described
    for line in "\${(@f)$(dlq complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        [[ -n $line ]] && described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    done
    if (( $#described )); then
        _describe dlq described
    else
        _files
    fi
}
compdef _dlq dlq
`;

const FISH = `# fish completion for dlq
function __dlq_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    dlq complete -- $words[2..-1] "$last" 2>/dev/null
end
complete -c dlq -f -a '(__dlq_complete)'
complete -c dlq -l file -r -F
complete -c dlq -l token-file -r -F
complete -c dlq -l tls-ca -r -F
complete -c dlq -n '__fish_seen_subcommand_from test' -F
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** Returns the script that a shell sources. */
export function scriptOf(shell: Shell): string {
  return SCRIPTS[shell];
}
