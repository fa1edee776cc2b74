import Foundation
import Testing

/// An operator's day in the real program and a real terminal: every task with the keys that it may cost.
@Suite(.enabled(if: Tmux.isInstalled, "needs tmux"), .timeLimit(.minutes(20)))
struct DayTasksTests {
  private struct Chore: Sendable {
    var name: String
    /// As tmux names them; a word of several letters in angle brackets is typed letter by letter.
    var keys: [String]
    var most: Int
    var isDone: @Sendable (String) -> Bool

    init(_ name: String, _ keys: String, most: Int, _ isDone: @escaping @Sendable (String) -> Bool) {
      self.name = name
      self.keys = keys.split(separator: " ").flatMap { word -> [String] in
        word.hasPrefix("<") && word.hasSuffix(">") && word.count > 2
          ? word.dropFirst().dropLast().map { $0 == "_" ? "Space" : String($0) } : [String(word)]
      }
      self.most = most
      self.isDone = isDone
    }
  }

  private static let day: [Chore] = [
    Chore("look at a frame", "Enter", most: 1) { $0.contains("Result 9") && $0.contains("Mistilt") },
    Chore("look at the frame before", "K", most: 1) { $0.contains("Result 8") },
    Chore("back to the list", "Escape", most: 1) { $0.contains("HELD") && $0.contains("Alarms and events") },
    Chore("mark the last seven", "l 7 Enter", most: 3) { $0.contains("7 frames marked") },
    Chore("analyse them again with 19.5 mrad", "r Down Down C-u <19.5> Enter", most: 9) {
      $0.contains("7 frames analysed again") && $0.contains("run 2 of 2") && $0.contains("queue 0")
    },
    Chore("take the run before", "u", most: 1) { $0.contains("run 1 of 2 counts") },
    Chore("and the later one again", "U", most: 1) { $0.contains("run 2 of 2 counts") },
    Chore("compare the two runs", "c", most: 2) { $0.contains("convergence_mrad") && $0.contains("19.5") },
    Chore("leave the comparison", "Escape", most: 1) { $0.contains("Alarms and events") },
    Chore("copy a value", "y Enter", most: 2) { $0.contains("copied: ") && $0.contains("nm") },
    Chore("tag what is marked", "t <thin> Enter", most: 6) { $0.contains("tagged") },
    Chore("show what is tagged", "/ <tag:thin> Enter", most: 10) {
      $0.contains("tag:thin") && $0.contains("wedge_002") && !$0.contains("wedge_001")
    },
    Chore("show all again", "Escape", most: 1) { !$0.contains("tag:thin") },
    Chore("take the marks away", "N", most: 1) { $0.contains("unmarked") },
    Chore("find a frame by the end of its name", "/ <005> Enter", most: 3 + 3) {
      $0.contains("newest first   1 ")
    },
    Chore("show all again", "Escape", most: 1) { $0.contains("newest first   9 ") },
    Chore("go to frame 3", ": 3 Enter", most: 3) { $0.contains("Result 3") },
    Chore("leave it out", "!", most: 1) { $0.contains("excluded") },
    Chore("take it in again", "!", most: 1) { $0.contains("included") || $0.contains("taken in") },
    Chore("write a note", "\\; <edge> Enter", most: 6) { $0.contains("note") },
    Chore("the same note on the next frame", "k .", most: 2) { $0.contains("note") },
    Chore("see the mistilt in list and trend", "v <mist> Enter", most: 6) { $0.contains("Mistilt, mrad") },
    Chore("sort by it", "s s", most: 2) { $0.contains("by value") },
    Chore("write the table", "e", most: 1) { $0.contains("rows written") },
    Chore("learn what a key does", "? <mark> ", most: 5) { $0.contains("mark all that the filter shows") },
    Chore("close the help", "Escape", most: 1) { !$0.contains("mark all that the filter shows") },
    Chore("follow again", "F", most: 1) { $0.contains("FOLLOW") },
  ]

  @Test func `A day's tasks cost few keys`() async throws {
    let folder = try TemporaryFolder()
    let frames = try folder.sub("frames")
    let samples = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Samples/rutile-wedge")
    for number in 0..<9 {
      let name = "wedge_00\(number).tif"
      try FileManager.default.copyItem(
        at: samples.appending(path: name), to: URL(filePath: "\(frames)/\(name)"))
    }
    let tmux = try await Tmux(
      "\(Program.path) watch \(frames) --session \(folder.path)/day.session.jsonl --engine pacbed"
        + " --material rutile-80kv --method network --convergence-mrad 20 --pixel-mrad 0.5",
      width: 160, height: 48, environment: ["TERM": "tmux-256color"])
    try await tmux.wait("nine results", patience: patience * 2) {
      $0.contains("newest first   9 ") && $0.contains("queue 0") && $0.contains("Result 9")
        && !$0.contains("○")
    }
    for task in Self.day {
      #expect(task.keys.count <= task.most, "\(task.name)")
      for key in task.keys { try await tmux.send(key) }
      try await tmux.wait(task.name, patience: patience * 2, until: task.isDone)
    }
    #expect(Self.day.count >= 20)
  }
}
