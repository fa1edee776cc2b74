let completionsVerb = Verb(
  name: "completions", operands: "bash|zsh|fish",
  summary: "completion for a shell: ewald completions bash > /etc/bash_completion.d/ewald", options: [],
  run: { arguments in
    switch try arguments.operand("of bash|zsh|fish") {
    case "bash": Console.write(Completions.bash, to: 1)
    case "zsh": Console.write(Completions.zsh, to: 1)
    case "fish": Console.write(Completions.fish, to: 1)
    case let other: throw UsageError("completions \(other): is none of bash, zsh, fish")
    }
    return .ok
  })

/// Made from the list of verbs, as the help is: a new verb or flag completes without a line more.
enum Completions {
  private static var shown: [Verb] { verbs.filter { !$0.isHidden } }

  static var bash: String {
    var cases = ""
    for verb in shown {
      let words = verb.kinds.map(\.name) + verb.options.map(\.name) + ["--help"]
      cases += "    \(verb.name)) words=\"\(words.joined(separator: " "))\" ;;\n"
    }
    return """
      _ewald() {
        local words word=${COMP_WORDS[COMP_CWORD]}
        case ${COMP_WORDS[1]} in
      \(cases)  esac
        if [ "$COMP_CWORD" -eq 1 ]; then words="\(shown.map(\.name).joined(separator: " "))"; fi
        case $word in
          -*) COMPREPLY=($(compgen -W "$words" -- "$word")) ;;
          *) COMPREPLY=($(compgen -W "${words//--*/}" -- "$word") $([ "$COMP_CWORD" -gt 1 ] && compgen -f -- "$word")) ;;
        esac
      }
      complete -o filenames -F _ewald ewald

      """
  }

  static var zsh: String {
    var cases = ""
    for verb in shown {
      var specs = verb.options.map { option in
        "'\(option.name)[\(escaped(option.summary))]\(option.value.map { ":\(escaped($0)):_files" } ?? "")'"
      }
      if !verb.kinds.isEmpty { specs.append("'1:kind:(\(verb.kinds.map(\.name).joined(separator: " ")))'") }
      specs.append("'*:file:_files'")
      cases += "    \(verb.name)) _arguments \(specs.joined(separator: " ")) ;;\n"
    }
    let names = shown.map { "'\($0.name):\(escaped($0.summary))'" }.joined(separator: " ")
    return """
      #compdef ewald
      local -a verbs
      verbs=(\(names))
      if (( CURRENT == 2 )); then
        _describe 'verb' verbs
      else
        local verb=$words[2]
        shift words
        (( CURRENT-- ))
        case $verb in
      \(cases)  esac
      fi

      """
  }

  static var fish: String {
    var text = ""
    for verb in shown {
      text += "complete -c ewald -n __fish_use_subcommand -f -a \(verb.name) -d '\(escaped(verb.summary))'\n"
      let here = "-n '__fish_seen_subcommand_from \(verb.name)'"
      for kind in verb.kinds {
        text += "complete -c ewald \(here) -f -a \(kind.name) -d '\(escaped(kind.summary))'\n"
      }
      for option in verb.options {
        let value = option.value == nil ? "" : " -r"
        text +=
          "complete -c ewald \(here) -l \(option.name.dropFirst(2))\(value) -d '\(escaped(option.summary))'\n"
      }
    }
    return text
  }

  /// Fit for single quotes and brackets of all three shells.
  private static func escaped(_ text: String) -> String {
    String(text.map { "'[]:\\".contains($0) ? " " : $0 })
  }
}
