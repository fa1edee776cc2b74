import Glibc
import Synchronization
import System
import Testing

import Sweep

/// Stands for the program: `$5` and on are the part's words, the last one its output.
private func program(in scratch: Scratch, _ body: String = "") throws -> String {
  let path = "\(scratch.path)/program"
  let script = """
    #!/bin/sh
    [ "$1" = sweep-step ] || exit 9
    cd "$4" || exit 9
    for out; do :; done
    from=none; [ -e parent/network ] && from=$(cat parent/network)
    \(body)
    mkdir -p "$out.part"; printf '%s from %s' "$out" "$from" > "$out.part/network"; mv "$out.part" "$out"
    """
  try NewFile.write(Array(script.utf8), to: path, durability: .cached)
  chmod(path, 0o755)
  return path
}

@Suite struct RunTests {
  private func run(
    _ number: Int, of folder: SweepFolder, _ program: String, stopped: Bool = false
  ) throws -> PartRun.Outcome {
    let part = try #require(folder.list.part(number))
    return try PartRun(folder, part, executable: program, isStopped: { stopped }).run()
  }

  @Test func aPartIsDoneOnce() throws {
    let scratch = try Scratch()
    let folder = try family(in: scratch, lease: 2)
    let program = try program(in: scratch)
    #expect(try run(1, of: folder, program) == .done)
    let first = try #require(try folder.soundResult(of: folder.list.parts[0]))
    #expect(try run(1, of: folder, program) == .done)
    #expect(folder.leases(of: folder.list.parts[0]).epochs == [1])
    #expect(try run(2, of: folder, program) == .done)
    let second = try #require(try folder.soundResult(of: folder.list.parts[1]))
    #expect(second.parent?.sha256 == first.sha256)
    let place = folder.place(of: folder.list.parts[1])
    #expect(Attempt(1, in: place)?.end == .done && !FilePath.exists("\(place)/work-1"))
    #expect(
      try WholeFile.text("\(folder.results)/part-2/network", limit: 99) == "part-2 from part-1 from none")
  }

  @Test func whatFailsSaysWhy() throws {
    let scratch = try Scratch()
    let folder = try family(in: scratch)
    let failing = try program(in: scratch, "echo 'ewald: no such zone' >&2; exit 2")
    #expect(try run(1, of: folder, failing) == .failed("no such zone"))
    let status = SweepStatus(folder, [], SlurmTasks(), verify: false)
    #expect(status.rows[0].state == PartState(.failed, "no such zone"))
    #expect(status.forRetry() == [2, 3] && status.forRetry(everything: true) == [1, 2, 3])
    #expect(
      try WholeFile.text("\(folder.place(of: folder.list.parts[0]))/log", limit: 99)
        == "ewald: no such zone\n")
  }

  /// The next attempt finds what this one had reached, and nothing that was only being written.
  @Test func whatIsKilledGoesOn() throws {
    let scratch = try Scratch()
    let folder = try family(in: scratch)
    let body = """
      if [ -e reached ]; then [ -e "$out.part" ] && exit 7; printf ' again' >> told
      else : > reached; mkdir "$out.part"; : > .reached.partial-1-1; kill -9 $$; fi
      """
    let program = try program(in: scratch, body)
    #expect(try run(1, of: folder, program) == .failed("ended by a signal"))
    #expect(SweepStatus(folder, [], SlurmTasks(), verify: false).rows[0].state.kind == .died)
    #expect(try run(1, of: folder, program) == .done)
    #expect(folder.leases(of: folder.list.parts[0]).epochs == [1, 2])
  }

  @Test func toldToStopItIsNoFailure() throws {
    let scratch = try Scratch()
    let folder = try family(in: scratch)
    let program = try program(in: scratch, "exec sleep 600")
    #expect(try run(1, of: folder, program, stopped: true) == .interrupted)
    #expect(SweepStatus(folder, [], SlurmTasks(), verify: false).rows[0].state.kind == .stopped)
    #expect(folder.leases(of: folder.list.parts[0]).latest()?.isReleased == true)
  }

  /// A lease that was taken while it slept: what it made meanwhile does not count.
  @Test func whoHasLostThePartPublishesNothing() throws {
    let scratch = try Scratch()
    let folder = try family(in: scratch)
    let place = folder.place(of: folder.list.parts[0])
    let program = try program(in: scratch, "printf '{}' > '\(place)/lease-2'")
    guard case .busy = try run(1, of: folder, program) else {
      Issue.record("it published what was no longer its own")
      return
    }
    #expect(!FilePath.exists(folder.result(of: folder.list.parts[0])))
    #expect(Attempt(1, in: place)?.end == .lost)
  }

  @Test func aDamagedResultMakesRoom() throws {
    let scratch = try Scratch()
    let folder = try family(in: scratch)
    let program = try program(in: scratch)
    #expect(try run(1, of: folder, program) == .done)
    let sound = try folder.soundResult(of: folder.list.parts[0])
    try NewFile.write([1], to: "\(folder.results)/part-1/network", durability: .cached)
    #expect(try run(1, of: folder, program) == .done)
    #expect(try folder.soundResult(of: folder.list.parts[0]) == sound)
    #expect(FilePath.exists("\(folder.path)/aside/part-1-2"))
  }

  @Test func anInputThatChangedIsRefused() throws {
    let scratch = try Scratch()
    try scratch.write("one", to: "one.cif")
    var files = PlanFiles(folder: scratch.path)
    let list = try PartList(
      try plan("task = train thing\ncrystal = one.cif"), task: try #require(tasks.first), files: &files)
    let folder = try SweepFolder.make(
      "\(scratch.path)/sweep", plan: [], list: list, files: Array(files.files.values))
    try scratch.write("two", to: "sweep/inputs/one.cif")
    let program = try program(in: scratch)
    guard case .failed(let why) = try run(1, of: folder, program) else {
      Issue.record("a changed input was taken")
      return
    }
    #expect(why.hasSuffix("inputs/one.cif: has been changed since the sweep was planned; plan it anew"))
  }

  /// As Slurm would start them: `sweep part DIR --part N`; here each marks its result itself.
  @Test func hereEveryPartComesAfterItsParent() throws {
    let scratch = try Scratch()
    let folder = try family(in: scratch)
    let path = "\(scratch.path)/part"
    let script = """
      #!/bin/sh
      if [ "$5" != 1 ]; then grep -q ' 1$' '\(scratch.path)/order' || exit 5; fi
      echo "done $5" >> '\(scratch.path)/order'
      """
    try NewFile.write(Array(script.utf8), to: path, durability: .cached)
    chmod(path, 0o755)
    let said = Mutex<[String]>([])
    let run = HereRun(
      folder, parts: [3, 2, 1], done: [], executable: path, isStopped: { false },
      report: { line in said.withLock { $0.append(line) } })
    #expect(run.run(jobs: 3) == .complete)
    #expect(said.withLock { $0.count } == 3 && said.withLock { $0.first } == "part-1: done (1 of 3)")
    #expect(
      HereRun(folder, parts: [2], done: [], executable: path, isStopped: { false }, report: { _ in }).run(
        jobs: 1) == .incomplete)
  }
}
