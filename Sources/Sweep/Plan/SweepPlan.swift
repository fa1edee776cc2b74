/// What is to be done many times: a task, the values of its settings, and how the parts are run.
package struct SweepPlan: Sendable, Equatable {
  package struct Axis: Sendable, Equatable {
    package var name: String
    package var values: [String]
    package var place: String
  }

  package enum Transfer: String, Sendable, CaseIterable { case nearest, off }

  package var task: String
  /// In the order in which they vary, the last one fastest.
  package var axes: [Axis]
  package var transfer: Transfer
  /// Steps of a network that starts from another one; nil for as many as any.
  package var transferSteps: String?
  /// Seconds after which a task that gives no sign of life has lost its part.
  package var lease: Int
  package var slurm: SlurmRequest

  /// More would need another way to keep a ledger than a file a part.
  static let mostParts = 100_000

  package init(
    _ entries: [PlanEntry], file: String, tasks: [SweepTask],
    hint: (String, [String]) -> String = { _, _ in "" }
  ) throws(SweepError) {
    var seen: [String: PlanEntry] = [:]
    for entry in entries {
      if let first = seen.updateValue(entry, forKey: entry.name) {
        throw SweepError("\(entry.place): \(entry.name) is set twice; first at \(first.place)")
      }
      guard !entry.values.isEmpty, entry.values.allSatisfy({ !$0.isEmpty }) else {
        throw SweepError("\(entry.place): \(entry.name): a value is missing")
      }
    }
    let names = tasks.map(\.name).sorted()
    guard let said = seen["task"] else {
      throw SweepError("\(file): task is missing; it is one of \(names.joined(separator: ", "))")
    }
    let word = said.values.joined(separator: " ")
    guard let task = tasks.first(where: { $0.name == word }) else {
      throw SweepError(
        "\(said.place): task = \(word): is none of \(names.joined(separator: ", "))\(hint(word, names))")
    }
    self.task = task.name
    var axes: [Axis] = []
    var slurm = SlurmRequest()
    for entry in entries where !Self.own.contains(entry.name) {
      if entry.name.hasPrefix("slurm.") {
        try slurm.set(entry, hint)
      } else {
        axes.append(try Self.axis(entry, of: task, hint))
      }
    }
    for name in task.required where seen[name] == nil {
      throw SweepError("\(file): \(name) is missing: every part of \(task.name) needs it")
    }
    self.axes = axes
    self.slurm = slurm
    transfer = try Self.transfer(seen["transfer"], of: task)
    transferSteps = try seen["transfer_steps"].map { (entry) throws(SweepError) in
      try Self.number(entry, in: 1...10_000_000)
    }.map(String.init)
    if let entry = seen["transfer_steps"], transfer == .off {
      throw SweepError("\(entry.place): transfer_steps: says nothing while transfer is off")
    }
    lease =
      try seen["lease_s"].map { (entry) throws(SweepError) in try Self.number(entry, in: 2...86_400) } ?? 90
    var parts = 1
    for axis in axes {
      parts = parts.multipliedReportingOverflow(by: axis.values.count).partialValue
      guard 1...Self.mostParts ~= parts else {
        throw SweepError(
          "\(file): the settings make more than \(Self.mostParts) parts; make several plans of it")
      }
    }
  }

  private static let own = ["task", "transfer", "transfer_steps", "lease_s"]

  private static func axis(
    _ entry: PlanEntry, of task: SweepTask, _ hint: (String, [String]) -> String
  ) throws(SweepError) -> Axis {
    guard !task.reserved.contains(entry.name) else {
      throw SweepError("\(entry.place): \(entry.name): is set by the sweep itself; leave it out")
    }
    guard let takesValue = task.settings[entry.name] else {
      let known = (Array(task.settings.keys) + own + SlurmRequest.names).filter {
        !task.reserved.contains($0)
      }
      throw SweepError(
        "\(entry.place): \(entry.name): is no setting of \(task.name)\(hint(entry.name, known.sorted()))")
    }
    var once = Set<String>()
    if let twice = entry.values.first(where: { !once.insert($0).inserted }) {
      throw SweepError("\(entry.place): \(entry.name): \(twice) stands twice in the list")
    }
    guard takesValue || entry.values.allSatisfy({ $0 == "true" || $0 == "false" }) else {
      throw SweepError("\(entry.place): \(entry.name): true or false is needed")
    }
    return Axis(name: entry.name, values: entry.values, place: entry.place)
  }

  private static func transfer(_ entry: PlanEntry?, of task: SweepTask) throws(SweepError) -> Transfer {
    guard let entry else { return task.learns ? .nearest : .off }
    guard entry.values.count == 1, let transfer = Transfer(rawValue: entry.values[0]) else {
      throw SweepError(
        "\(entry.place): transfer = \(entry.values.joined(separator: " ")): is none of nearest, off")
    }
    guard transfer == .off || task.learns else {
      throw SweepError(
        "\(entry.place): transfer: \(task.name) learns nothing that another part could start from")
    }
    return transfer
  }

  static func number(_ entry: PlanEntry, in range: ClosedRange<Int>) throws(SweepError) -> Int {
    guard entry.values.count == 1, let number = Int(entry.values[0]), range.contains(number) else {
      throw SweepError(
        "\(entry.place): \(entry.name) = \(entry.values.joined(separator: " ")): a whole number from "
          + "\(range.lowerBound) to \(range.upperBound) is needed")
    }
    return number
  }
}
