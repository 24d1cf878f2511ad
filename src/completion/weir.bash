# Completion of weir, weir-plot and weir-h5ad for bash: options from --help, decks, and the folders of runs.
_weir() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]}
  COMPREPLY=()
  if [[ $word == -* ]]; then
    [[ -n ${_weir_options[$program]-} ]] ||
      _weir_options[$program]=$("$program" --help 2>/dev/null | grep -oE -- '(^|[ ,])--?[a-z][a-z-]*' | tr -d ' ,' | sort -u)
    mapfile -t COMPREPLY < <(compgen -W "${_weir_options[$program]}" -- "$word")
  elif [[ $program == *weir && ${COMP_WORDS[1]} == new && $COMP_CWORD -eq 3 ]]; then
    mapfile -t COMPREPLY < <(compgen -W "learn_energies schroedinger_bridge latent_ebm latent_diffusion simulate" -- "$word")
  elif [[ $program == *weir && $before != new && ${COMP_WORDS[1]} != new ]]; then
    mapfile -t COMPREPLY < <(
      compgen -f -X '!*.@(yaml|yml)' -- "$word"
      compgen -d -- "$word"
      ((COMP_CWORD == 1)) && compgen -W new -- "$word"
    )
  elif [[ $program == *weir-* ]]; then
    mapfile -t COMPREPLY < <(compgen -d -- "$word")
  else
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}
declare -A _weir_options
shopt -s extglob
complete -o filenames -F _weir weir weir-plot weir-h5ad
