import System
import JSON

/// All parts of a plan, with what holds for each of them.
package struct PartList: Sendable, Equatable {
  package var task: String
  package var parts: [Part]
  package var transferSteps: String?
  package var lease: Int
  package var slurm: SlurmRequest

  /// Every combination of the plan's values, the last setting varying fastest.
  package init(_ plan: SweepPlan, task: SweepTask, files: inout PlanFiles) throws(SweepError) {
    var choices: [[(value: String, file: PlanFiles.File?)]] = []
    for axis in plan.axes {
      if task.files.contains(axis.name) {
        choices.append(try files.values(of: axis))
      } else {
        choices.append(axis.values.map { ($0, nil) })
      }
    }
    var count = 1
    for choice in choices { count = count.multipliedReportingOverflow(by: choice.count).partialValue }
    guard 1...SweepPlan.mostParts ~= count else {
      throw SweepError("\(plan.task): more than \(SweepPlan.mostParts) parts; make several plans of it")
    }
    var parts: [Part] = []
    var names = Set<String>()
    for index in 0..<count {
      var rest = index
      var chosen = [(value: String, file: PlanFiles.File?)](repeating: ("", nil), count: choices.count)
      for at in choices.indices.reversed() {
        chosen[at] = choices[at][rest % choices[at].count]
        rest /= choices[at].count
      }
      var words = plan.task.split(separator: " ").map(String.init)
      var inputs: [Part.Input] = []
      var name: [String] = []
      for (at, (value, file)) in chosen.enumerated() {
        let setting = plan.axes[at].name
        if task.settings[setting] == true {
          words += [SweepTask.flag(setting), value]
        } else if value == "true" {
          words.append(SweepTask.flag(setting))
        }
        if let file { inputs.append(Part.Input(name: file.name, sha256: file.sha256)) }
        if choices[at].count > 1 || task.files.contains(setting) {
          name.append(Self.plain(file == nil ? value : FilePath.stem(of: value), setting, task))
        }
      }
      let text = name.isEmpty ? "part" : name.joined(separator: "_")
      let unique = names.insert(text).inserted ? text : "\(text)_\(index + 1)"
      names.insert(unique)
      parts.append(Part(number: index + 1, name: unique, words: words + task.always, inputs: inputs))
    }
    self.init(
      task: plan.task, parts: parts, transferSteps: plan.transferSteps, lease: plan.lease, slurm: plan.slurm)
  }

  package init(task: String, parts: [Part], transferSteps: String?, lease: Int, slurm: SlurmRequest) {
    self.task = task
    self.parts = parts
    self.transferSteps = transferSteps
    self.lease = lease
    self.slurm = slurm
  }

  /// A value as a piece of a file's name; what is no name by itself says whose it is: `voltage-kv-80`.
  private static func plain(_ value: String, _ setting: String, _ task: SweepTask) -> String {
    let kept = value.map { $0.isASCII && ($0.isLetter || $0.isNumber || ".,-+=".contains($0)) ? $0 : "-" }
    let text = String(String(kept).prefix(60))
    return task.files.contains(setting)
      ? text : setting.map { $0 == "_" ? "-" : String($0) }.joined() + "-" + text
  }

  package func part(_ number: Int) -> Part? {
    parts.indices.contains(number - 1) ? parts[number - 1] : nil
  }

  /// The words that a part is run with: where its output goes, and what it starts from, as its own folder names them.
  package func command(_ part: Part) -> [String] {
    var words = part.words
    if part.parent != nil {
      if let transferSteps, let at = words.firstIndex(of: "--steps"), at + 1 < words.count {
        words[at + 1] = transferSteps
      } else if let transferSteps {
        words += ["--steps", transferSteps]
      }
      words += ["--from", "./\(PartList.parentName)"]
    }
    return words + ["--output", part.name]
  }

  /// What a part's folder calls the result that it starts from.
  package static let parentName = "parent"
}

extension PartList {
  package var json: JSONValue {
    var members: [String: JSONValue] = [
      "version": .integer(1), "task": .text(task), "lease_s": .integer(lease), "slurm": slurm.json,
      "parts": .list(parts.map(\.json)),
    ]
    members["transfer_steps"] = transferSteps.map(JSONValue.text)
    return .object(members)
  }

  /// `path` is for the errors.
  package init(_ bytes: [UInt8], path: String) throws(SweepError) {
    guard let json = try? JSONValue(bytes), json["version"]?.int == 1, let task = json["task"]?.string,
      let items = json["parts"]?.items, let lease = json["lease_s"]?.int, lease > 0
    else { throw SweepError("\(path): is not the list of a sweep's parts") }
    let parts = items.compactMap(Part.init)
    guard parts.count == items.count, parts.enumerated().allSatisfy({ $0 + 1 == $1.number }),
      parts.allSatisfy({ part in part.parent.map { 1...parts.count ~= $0 && $0 != part.number } ?? true })
    else { throw SweepError("\(path): its list of parts is damaged") }
    self.init(
      task: task, parts: parts, transferSteps: json["transfer_steps"]?.string, lease: lease,
      slurm: SlurmRequest(json["slurm"]))
  }
}
