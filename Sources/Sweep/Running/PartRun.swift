import Glibc
import System

/// Does one part, as often as it is asked to and never beside another who does it: takes the lease, runs the
/// program in a process of its own, gives signs of life, and lets the result appear when it is whole.
package struct PartRun: Sendable {
  package enum Outcome: Sendable, Equatable {
    case done
    case interrupted
    case failed(String)
    /// Somebody else is at it.
    case busy(host: String)
    /// The part that it starts from is not done.
    case waits(parent: String)
  }

  private let folder: SweepFolder
  private let part: Part
  private let executable: String
  private let owner: Lease.Owner
  private let isStopped: @Sendable () -> Bool
  private var place: String { folder.place(of: part) }

  /// `executable` is started as `executable sweep-step -- PARENT FOLDER WORDS…`.
  package init(
    _ folder: SweepFolder, _ part: Part, executable: String = "/proc/self/exe",
    owner: Lease.Owner = ThisProcess.owner(), isStopped: @escaping @Sendable () -> Bool
  ) {
    self.folder = folder
    self.part = part
    self.executable = executable
    self.owner = owner
    self.isStopped = isStopped
  }

  /// The word with which the program starts itself for a part's work.
  package static let stepVerb = "sweep-step"

  package func run() throws(SweepError) -> Outcome {
    if (try? folder.soundResult(of: part)) != nil { return .done }
    let parent: PartResult?
    switch try waitForParent() {
    case .there(let result): parent = result
    case .missing(let name): return .waits(parent: name)
    case .stopped: return .interrupted
    }
    do throws(SystemError) {
      try Folder.makeWithParents(place)
    } catch {
      throw SweepError(error)
    }
    let book = folder.leases(of: part)
    switch try take(book) {
    case .taken(var lease): return try attempt(&lease, book, parent)
    case .done: return .done
    case .busy(let host): return .busy(host: host)
    case .stopped: return .interrupted
    }
  }

  // MARK: - Before

  private enum Parent { case there(PartResult?), missing(String), stopped }

  /// The result of another machine may be there a while before this one sees it: so long is waited, and no longer.
  /// Who waits for what nobody does would only keep a processor from it.
  private func waitForParent() throws(SweepError) -> Parent {
    guard let number = part.parent, let parent = folder.list.part(number) else { return .there(nil) }
    let start = MonotonicTime.now()
    while true {
      if let result = try? folder.soundResult(of: parent) { return .there(result) }
      if isStopped() { return .stopped }
      guard MonotonicTime.now() - start < .seconds(folder.list.lease) else { return .missing(parent.name) }
      usleep(500_000)
    }
  }

  private enum Taking { case taken(Lease), done, busy(String), stopped }

  private func take(_ book: LeaseBook) throws(SweepError) -> Taking {
    var watch = LeaseWatch()
    let start = MonotonicTime.now()
    var first: Lease?
    while true {
      let latest = book.latest()
      first = first ?? latest
      switch watch.look(latest, at: .now(), isDead: ThisProcess.isDead) {
      case .free, .lapsed:
        if let lease = try book.take((latest?.epoch ?? 0) + 1, for: owner, term: folder.list.lease) {
          return .taken(lease)
        }
      case .held:
        if isStopped() { return .stopped }
        // Whoever gives signs of life for as long as it takes to lapse is alive.
        let isAlive = latest.map { now in first.map { now != $0 } ?? false } ?? false
        let waited = MonotonicTime.now() - start
        if isAlive && waited > .seconds(folder.list.lease), let latest { return .busy(latest.owner.host) }
        usleep(200_000)
      }
      if (try? folder.soundResult(of: part)) != nil { return .done }
    }
  }

  // MARK: - The attempt

  private func attempt(
    _ lease: inout Lease, _ book: LeaseBook, _ parent: PartResult?
  ) throws(SweepError) -> Outcome {
    let start = SystemClock.monotonic.seconds
    let before = ChildUsage.now()
    var record = Attempt(epoch: lease.epoch, host: owner.host, job: owner.job, end: .failed)
    let outcome: Outcome
    do throws(SweepError) {
      outcome = try work(&lease, book, parent, &record)
    } catch {
      record.message = error.description
      outcome = .failed(error.description)
    }
    let after = ChildUsage.now()
    record.seconds = SystemClock.monotonic.seconds - start
    record.processorSeconds = after.seconds - before.seconds
    record.peakMegabytes = after.peakMegabytes
    try record.write(in: place)
    try book.release(&lease)
    return outcome
  }

  private func work(
    _ lease: inout Lease, _ book: LeaseBook, _ parent: PartResult?, _ record: inout Attempt
  ) throws(SweepError) -> Outcome {
    // Its last owner may have been just about to end.
    if (try? folder.soundResult(of: part)) != nil {
      record.end = .done
      return .done
    }
    putAside(lease.epoch)
    let work = PartWork(place: place, epoch: lease.epoch)
    try work.prepare(
      part, inputs: "\(folder.path)/inputs", parent: parent.map { "\(folder.results)/\($0.part)" })
    let (code, last, isHeld) = try step(in: work.path, &lease, book)
    guard isHeld, book.isHeld(lease) else {
      record.end = .lost
      record.message = "another has the part"
      return .busy(host: book.latest()?.owner.host ?? "")
    }
    guard code == 0 else {
      let isTold = isStopped()
      record.end = isTold ? .interrupted : code == nil ? .killed : .failed
      record.message = isTold ? "told to stop" : code == nil ? "ended by a signal" : last
      return isTold ? .interrupted : .failed(record.message)
    }
    let output = "\(work.path)/\(part.name)"
    guard FilePath.exists(output) else { throw SweepError("\(part.name): ended well and wrote nothing") }
    let files = try PartResult.files(in: output)
    let result = PartResult(
      part: part.name, command: folder.list.command(part), inputs: part.inputs,
      parent: parent.map { ($0.part, $0.sha256) }, files: files)
    do throws(SystemError) {
      try NewFile.write(result.bytes, to: "\(output)/\(PartResult.recordName)")
      try Disk.settle(output)
    } catch {
      throw SweepError(error)
    }
    guard rename(output, folder.result(of: part)) == 0 else {
      // Somebody who had lost the part made the very same.
      guard (try? folder.soundResult(of: part)) != nil else {
        throw SweepError(SystemError(folder.result(of: part), "put the result there"))
      }
      record.end = .done
      work.removeAll()
      return .done
    }
    do throws(SystemError) { try Disk.settle(folder.results) } catch { throw SweepError(error) }
    record.end = .done
    work.removeAll()
    return .done
  }

  /// What is there and not sound must make room, and is kept for those who want to know.
  private func putAside(_ epoch: Int) {
    let there = folder.result(of: part)
    guard FilePath.exists(there) else { return }
    let aside = "\(folder.path)/aside/\(part.name)-\(epoch)"
    if rename(there, aside) != 0 { Folder.removeTree(there) }
  }

  /// The program's own process, until it ends.
  private func step(
    in work: String, _ lease: inout Lease, _ book: LeaseBook
  ) throws(SweepError) -> (code: Int32?, last: String, isHeld: Bool) {
    let words = [PartRun.stepVerb, "--", String(getpid()), work] + folder.list.command(part)
    guard let process = Companion(executable, words) else {
      throw SweepError("\(part.name): the program cannot be started: \(Errno(errno))")
    }
    let pulse = Pulse(lease, book, process, isStopped)
    guard pulse.start() else {
      process.end(SIGKILL)
      throw SweepError("\(part.name): no thread to give signs of life")
    }
    let log = PartLog("\(place)/log")
    var last = ""
    let code = process.lines { line in
      last = String(line.prefix(500))
      log?.add(line)
    }
    let (held, isHeld) = pulse.stop()
    lease = held
    let isOurs = last.hasPrefix("ewald: ")
    return (code, isOurs ? String(last.dropFirst(7)) : last, isHeld)
  }
}
