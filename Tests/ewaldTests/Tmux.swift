import Foundation
import System
import Testing

/// The program as it was built beside these tests.
enum Program {
  static let path: String = {
    // The test bundle lies in the build folder, next to the executables.
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    var folder = URL(filePath: bundle).deletingLastPathComponent()
    while folder.path != "/",
      !FileManager.default.isExecutableFile(atPath: folder.appending(path: "ewald").path)
    {
      folder = folder.deletingLastPathComponent()
    }
    return folder.appending(path: "ewald").path
  }()

  /// Runs to the end.
  @discardableResult
  static func run(_ words: [String], environment: [String: String] = [:]) async throws -> Spawned.Outcome {
    try await Spawned(path, words, environment: environment).wait()
  }
}

/// A process, started without Foundation's `Process`: that one hands a descriptor down, waits until it is
/// closed, and so waits for ever when a child leaves a server behind, as tmux does.
final class Spawned {
  struct Outcome {
    /// As a shell tells it: 128 and the signal for what was killed.
    var code: Int32
    var output: String
    var errors: String
  }

  let process: pid_t
  private let folder: TemporaryFolder

  init(_ path: String, _ words: [String], environment: [String: String] = [:]) throws {
    folder = try TemporaryFolder()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "\(folder.path)/out", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, "\(folder.path)/err", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    // The threads that run tests block signals, a shell's background ignores Ctrl-C, and what is started here
    // would inherit both.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for signal in [SIGINT, SIGQUIT] { sigaddset(&signals, signal) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var merged = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    merged["TMUX"] = nil
    var arguments: [UnsafeMutablePointer<CChar>?] = ([path] + words).map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = merged.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var process = pid_t()
    let code = posix_spawn(&process, path, &actions, &attributes, &arguments, &variables)
    try #require(code == 0, "cannot start \(path): \(String(cString: strerror(code)))")
    self.process = process
  }

  /// What it has said so far.
  var output: String { (try? String(contentsOfFile: "\(folder.path)/out", encoding: .utf8)) ?? "" }

  func signal(_ number: Int32) { kill(process, number) }

  /// Waits until it has said this; an issue where it ends or a minute passes before.
  func said(_ words: String) async throws {
    let deadline = ContinuousClock.now + patience
    while !output.contains(words) {
      try #require(ContinuousClock.now < deadline && kill(process, 0) == 0, "never said \(words): \(output)")
      try await Task.sleep(for: .milliseconds(3))
    }
  }

  /// Looks now and then instead of blocking: the tests that run beside this one share two threads.
  func wait() async throws -> Outcome {
    var status: Int32 = 0
    while waitpid(process, &status, WNOHANG) == 0 { try await Task.sleep(for: .milliseconds(3)) }
    let killed = status & 0x7f
    return Outcome(
      code: killed == 0 ? (status >> 8) & 0xff : 128 + killed, output: output,
      errors: (try? String(contentsOfFile: "\(folder.path)/err", encoding: .utf8)) ?? "")
  }
}

/// How long a test waits for a program: nearly always much longer than it takes, and ten times that where a sanitizer
/// watches it.
let patience = Duration.seconds(System.Program.isSanitized ? 600 : 60)

/// A folder of a test's own, gone with it.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "ewald-test-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func sub(_ name: String) throws -> String {
    try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
    return "\(path)/\(name)"
  }
}

/// A real terminal of its own: starts a command, types, resizes, reads the screen.
final class Tmux {
  private let server = "ewald-test-\(UUID().uuidString.prefix(8))"

  static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/tmux")

  init(_ command: String, width: Int = 80, height: Int = 24, environment: [String: String] = [:])
    async throws
  {
    let settings = environment.map { "\($0.key)='\($0.value)' " }.sorted().joined()
    // The shell stays when the program has gone, so that its last words and its exit code can be read.
    try await tmux(
      "-f", "/dev/null", "new-session", "-d", "-x", "\(width)", "-y", "\(height)",
      // and outlives the program's Ctrl-C.
      "trap : INT; PS1='$ ' \(settings)\(command); echo \"exit $?\"; exec sh")
  }

  deinit { _ = try? Spawned("/usr/bin/tmux", ["-L", server, "kill-server"]) }

  func send(_ keys: String...) async throws { try await tmux(["send-keys"] + keys) }
  func resize(_ width: Int, _ height: Int) async throws {
    try await tmux("resize-window", "-x", "\(width)", "-y", "\(height)")
  }

  var screen: String {
    get async throws { try await tmux("capture-pane", "-p") }
  }

  /// The process that runs in the pane, or its child.
  var programID: Int32? {
    get async throws {
      let shell = try await tmux("display-message", "-p", "#{pane_pid}").trimmingCharacters(
        in: .whitespacesAndNewlines)
      let children = try await Spawned("/usr/bin/pgrep", ["-P", shell]).wait().output
      return children.split(separator: "\n").first.flatMap { Int32($0) }
    }
  }

  /// Looks until the screen is as wanted; fails the test when it is not so in time.
  func wait(
    _ what: String, patience: Duration = patience, location: SourceLocation = #_sourceLocation,
    until isThere: (String) -> Bool
  ) async throws {
    let deadline = ContinuousClock.now + patience
    var last = ""
    repeat {
      last = try await screen
      if isThere(last) { return }
      // A look costs a process; between looks the program gets the processor.
      try await Task.sleep(for: .milliseconds(20))
    } while ContinuousClock.now < deadline
    Issue.record("\(what) was not seen in \(patience):\n\(last)", sourceLocation: location)
  }

  @discardableResult
  private func tmux(_ words: String...) async throws -> String { try await tmux(words) }

  @discardableResult
  private func tmux(_ words: [String]) async throws -> String {
    try await Spawned("/usr/bin/tmux", ["-u", "-L", server] + words).wait().output
  }
}
