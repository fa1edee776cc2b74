import JSON

/// What a plan asks of Slurm, as words for `sbatch`. They go to it as they are, each a word of its own: no shell
/// reads them.
package struct SlurmRequest: Sendable, Equatable {
  package var partition: String?
  package var time: String?
  package var memory: String?
  package var cpus: Int?
  package var account: String?
  package var qos: String?
  /// Tasks of an array that may run at a time.
  package var atOnce: Int?
  /// Tasks an array: clusters refuse more than their MaxArraySize, which is 1001 where nobody changed it.
  package var arraySize = 1000
  /// Seconds before the end of the time limit at which a task is told, to keep its checkpoint.
  package var notice = 120
  /// Anything else for sbatch, as it is.
  package var options: [String] = []

  package init() {}

  static let names = [
    "slurm.partition", "slurm.time", "slurm.memory", "slurm.cpus", "slurm.account", "slurm.qos",
    "slurm.at_once",
    "slurm.array_size", "slurm.notice_s", "slurm.options",
  ]

  mutating func set(_ entry: PlanEntry, _ hint: (String, [String]) -> String) throws(SweepError) {
    func word() throws(SweepError) -> String {
      guard entry.values.count == 1, entry.values[0].utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
        throw SweepError("\(entry.place): \(entry.name): one word is needed")
      }
      return entry.values[0]
    }
    switch entry.name {
    case "slurm.partition": partition = try word()
    case "slurm.time": time = try word()
    case "slurm.memory": memory = try word()
    case "slurm.account": account = try word()
    case "slurm.qos": qos = try word()
    case "slurm.cpus": cpus = try SweepPlan.number(entry, in: 1...1024)
    case "slurm.at_once": atOnce = try SweepPlan.number(entry, in: 1...100_000)
    case "slurm.array_size": arraySize = try SweepPlan.number(entry, in: 1...4_000_000)
    case "slurm.notice_s": notice = try SweepPlan.number(entry, in: 0...65_535)
    case "slurm.options":
      if let odd = entry.values.first(where: { !$0.hasPrefix("-") }) {
        throw SweepError(
          "\(entry.place): slurm.options: \(odd): an option of sbatch such as --nice=100 is needed")
      }
      options = entry.values
    default:
      throw SweepError(
        "\(entry.place): \(entry.name): is no setting of a sweep\(hint(entry.name, Self.names))")
    }
  }

  /// The words for `sbatch`, but for what belongs to one array.
  package var words: [String] {
    var words: [String] = []
    func add(_ name: String, _ value: String?) { if let value { words.append("--\(name)=\(value)") } }
    add("partition", partition)
    add("time", time)
    add("mem", memory)
    add("cpus-per-task", cpus.map(String.init))
    add("account", account)
    add("qos", qos)
    if notice > 0 { add("signal", "B:TERM@\(notice)") }
    return words + options
  }
}

extension SlurmRequest {
  package var json: JSONValue {
    var members: [String: JSONValue] = [
      "array_size": .integer(arraySize), "notice_s": .integer(notice),
      "options": .list(options.map(JSONValue.text)),
    ]
    members["partition"] = partition.map(JSONValue.text)
    members["time"] = time.map(JSONValue.text)
    members["memory"] = memory.map(JSONValue.text)
    members["account"] = account.map(JSONValue.text)
    members["qos"] = qos.map(JSONValue.text)
    members["cpus"] = cpus.map(JSONValue.integer)
    members["at_once"] = atOnce.map(JSONValue.integer)
    return .object(members)
  }

  package init(_ json: JSONValue?) {
    partition = json?["partition"]?.string
    time = json?["time"]?.string
    memory = json?["memory"]?.string
    account = json?["account"]?.string
    qos = json?["qos"]?.string
    cpus = json?["cpus"]?.int
    atOnce = json?["at_once"]?.int
    if let size = json?["array_size"]?.int, size > 0 { arraySize = size }
    if let notice = json?["notice_s"]?.int { self.notice = notice }
    options = (json?["options"]?.items ?? []).compactMap(\.string)
  }

}
