import Dispatch
import Glibc
import JSON
import Learning
import Synchronization
import System

/// Trains what was asked for, one network at a time, in a program of its own that wants the processor only where
/// nobody else does. What is queued or begun outlasts this process: the next one goes on with it.
package final class TrainingQueue: Sendable {
  private struct State {
    var current: (id: String, process: Companion)?
    var isStopping = false
    var isCancelled = false
    /// How often the training of the moment was ended from outside, and which it is.
    var interruptions = (id: "", count: 0)
  }

  /// What is ended as often, as by the kernel where memory is short, is given up.
  private static let mostInterruptions = 5

  private let register: Register
  private let folder: String
  private let executable: String
  private let state = Mutex(State())
  private let news = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)

  /// Where finished models are offered, below the service's data.
  package static func models(in folder: String) -> String { folder + "/models" }

  package init(_ register: Register, folder: String, executable: String = "/proc/self/exe") throws {
    self.register = register
    self.folder = folder
    self.executable = executable
    for name in ["models", "aside", "training"] { try Folder.makeWithParents("\(folder)/\(name)") }
    // What was running when the last service ended is to go on.
    let open = try register.openTickets()
    for var ticket in open where ticket.state == .running {
      ticket.state = .queued
      try register.update(ticket)
    }
    // A model whose sending was cut off has no ticket.
    for name in FolderNames("\(folder)/training") where !name.hasPrefix(".") {
      if !open.contains(where: { $0.id == name }) { Folder.removeTree("\(folder)/training/\(name)") }
    }
    // One thread for good: a training ends with the thread that started it.
    guard DetachedThread.start({ [self] in run() }) else { throw Refusal(500, "no thread for the trainings") }
    news.signal()
  }

  /// Puts a training into the queue; one like it that is open already serves both.
  package func add(_ request: TrainingRequest, for account: Account, inquiry: String? = nil) throws -> Ticket
  {
    guard try register.trainingHours(of: account.name) < account.trainingHours else {
      throw Refusal(
        429, "\(account.name): has had its \(account.trainingHours) hours of training of these thirty days",
        retryAfter: 86_400)
    }
    let open = try register.openTickets()
    if inquiry == nil, let same = open.first(where: { $0.task == .train(request) }) { return same }
    return try add(.train(request), model: try freeName(request, open), for: account, open, inquiry: inquiry)
  }

  /// Takes a model that somebody sent into quarantine, where it waits until it was measured here. `store` writes it into
  /// a folder.
  package func add(_ store: (_ folder: String) throws -> ModelFolder, for account: Account) throws -> Ticket {
    let open = try register.openTickets()
    let id = "\(Register.newIdentifier())"
    let place = place(of: id)
    do {
      let model = try store(place)
      if let known = ModelLibrary.standard.models().first(where: { $0.id == model.id }) {
        throw Refusal(
          409,
          known.sha256 == model.sha256
            ? "\(model.id) is offered already"
            : "another model is offered as \(model.id) (\(known.sha256.prefix(8))): it needs a name of its own"
        )
      }
      if let other = open.first(where: { $0.model == model.id }) {
        throw Refusal(409, "\(model.id) waits already: ticket \(other.id)")
      }
      return try add(.validate(sha256: model.sha256), id: id, model: model.id, for: account, open)
    } catch {
      Folder.removeTree(place)
      throw error
    }
  }

  private func add(
    _ task: Ticket.Task, id: String = "\(Register.newIdentifier())", model: String, for account: Account,
    _ open: [Ticket], inquiry: String? = nil
  ) throws -> Ticket {
    guard open.count < 1000 else { throw Refusal(503, "a thousand trainings wait already", retryAfter: 3600) }
    let now = Register.now
    let ticket = Ticket(
      id: id, created: now, changed: now, token: account.name, state: .queued, task: task, model: model,
      progress: 0, message: "waits for its turn", inquiry: inquiry, seconds: 0)
    try register.add(ticket)
    news.signal()
    return ticket
  }

  /// Nil where there is no such ticket.
  package func cancel(_ id: String) throws -> Ticket? {
    guard var ticket = try register.ticket(id) else { return nil }
    guard ticket.state.isOpen else {
      throw Refusal(409, "ticket \(id) is \(ticket.state.rawValue) and cannot be cancelled")
    }
    // Written first: a training that is just being begun looks here once more.
    ticket.state = .cancelled
    ticket.message = "cancelled"
    try register.update(ticket)
    let isCurrent = state.withLock { state in
      guard let current = state.current, current.id == id else { return false }
      state.isCancelled = true
      current.process.end()
      return true
    }
    if !isCurrent { Folder.removeTree(place(of: id)) }
    return ticket
  }

  /// The training that runs keeps its checkpoint and ends.
  package func stop() {
    state.withLock { state in
      state.isStopping = true
      state.current?.process.end()
    }
    news.signal()
    _ = ended.wait(timeout: .now() + 30)
  }

  private func place(of id: String) -> String { "\(folder)/training/\(id)" }

  private func freeName(_ request: TrainingRequest, _ open: [Ticket]) throws -> String {
    let names = Set(open.map(\.model) + ModelLibrary.standard.models().map(\.id))
    func isFree(_ name: String) -> Bool {
      !names.contains(name) && !FilePath.exists("\(folder)/models/\(name)")
        && !FilePath.exists("\(folder)/aside/\(name)")
    }
    for number in 1...10_000 {
      let name = number == 1 ? request.modelName : "\(request.modelName)-\(number)"
      if isFree(name) { return name }
    }
    throw Refusal(503, "no free name for a model of \(request.crystal)")
  }

  // MARK: - The thread

  private func run() {
    while true {
      if state.withLock({ $0.isStopping }) { break }
      guard let ticket = try? register.openTickets().first else {
        // Also where the disk is full for a while.
        _ = news.wait(timeout: .now() + 30)
        continue
      }
      work(ticket)
    }
    ended.signal()
  }

  private func work(_ ticket: Ticket) {
    var ticket = ticket
    let place = place(of: ticket.id)
    do {
      try Folder.makeWithParents(place)
      // Killed between the work and the offer.
      if FilePath.exists("\(folder)/models/\(ticket.model)") || FilePath.exists(finding(of: ticket)) {
        return try conclude(&ticket)
      }
      guard let process = Companion(executable, try words(for: ticket)) else {
        throw SystemError("ewald", "be started for it")
      }
      let isWanted = state.withLock { state in
        if state.isStopping { return false }
        state.current = (ticket.id, process)
        state.isCancelled = false
        return true
      }
      guard isWanted else { return process.end(SIGKILL) }
      defer { state.withLock { $0.current = nil } }
      guard try register.ticket(ticket.id)?.state.isOpen == true else { return process.end(SIGKILL) }
      ticket.state = .running
      ticket.message = "begins"
      try register.update(ticket)
      try follow(process, &ticket)
    } catch {
      ticket.state = .failed
      ticket.message = "\(error)"
      try? register.update(ticket)
    }
  }

  /// The model that a ticket is about, while it is not offered.
  private func model(of ticket: Ticket) -> String { "\(place(of: ticket.id))/\(ticket.model)" }

  /// What is there when the work was done: the trained model, or what a sent one was found to be worth.
  private func finding(of ticket: Ticket) -> String {
    switch ticket.task {
    case .train: model(of: ticket)
    case .validate: "\(place(of: ticket.id))/validation.json"
    }
  }

  /// The words of the program that does it.
  private func words(for ticket: Ticket) throws -> [String] {
    switch ticket.task {
    case .train(let request):
      var file: String?
      if let cif = request.cif {
        let path = "\(place(of: ticket.id))/\(request.crystal).cif"
        try NewFile.write(Array(cif.utf8), to: path)
        file = path
      }
      return request.words(crystalFile: file, author: ticket.token, output: finding(of: ticket))
    case .validate:
      return [
        "models", "validate", model(of: ticket), "--patterns", "500", "--progress", "\(getpid())", "--report",
        finding(of: ticket),
      ]
    }
  }

  private func follow(_ process: Companion, _ ticket: inout Ticket) throws {
    let started = ContinuousClock.now
    let before = ticket.seconds
    var last = ""
    var kept = ContinuousClock.now
    let register = register
    let code = process.lines { line in
      guard line.hasPrefix("{"), let told = try? JSONValue(line.utf8) else {
        last = String(line.prefix(500))
        return
      }
      ticket.progress = min(max(told["progress"]?.double ?? ticket.progress, 0), 1)
      ticket.minutesLeft = told["minutes_left"]?.double
      ticket.message = told["phase"]?.string ?? ticket.message
      ticket.seconds = before + Double((ContinuousClock.now - started).components.seconds)
      // Somebody may have cancelled it meanwhile: that must stand.
      guard ContinuousClock.now - kept > .seconds(1), !state.withLock({ $0.isCancelled }) else { return }
      kept = .now
      try? register.update(ticket)
    }
    ticket.seconds = before + Double((ContinuousClock.now - started).components.seconds)
    let (isStopping, isCancelled) = state.withLock { ($0.isStopping, $0.isCancelled) }
    if isCancelled {
      ticket.state = .cancelled
      ticket.message = "cancelled"
      Folder.removeTree(place(of: ticket.id))
    } else if code == 0 {
      return try conclude(&ticket)
    } else if isStopping || code == nil {
      // Ended from outside: it goes on from its checkpoint, but not for ever.
      let count = state.withLock { state in
        let before = state.interruptions.id == ticket.id ? state.interruptions.count : 0
        state.interruptions = (ticket.id, before + (isStopping ? 0 : 1))
        return state.interruptions.count
      }
      let isGivenUp = count >= Self.mostInterruptions
      ticket.state = isGivenUp ? .failed : .queued
      ticket.message = isGivenUp ? "was ended from outside \(count) times" : "was interrupted and goes on"
    } else {
      ticket.state = .failed
      ticket.message = last.hasPrefix("ewald: ") ? String(last.dropFirst(7)) : last
    }
    try register.update(ticket)
  }

  /// Offers a model, or keeps it aside where its validation says that nobody should use it.
  private func conclude(_ ticket: inout Ticket) throws {
    let offered = "\(folder)/models/\(ticket.model)"
    let path = model(of: ticket)
    ticket.state = .done
    ticket.progress = 1
    ticket.message = "\(ticket.model) is offered"
    if FilePath.exists(path) {
      let model = try ModelFolder(path: path)
      try model.verify()
      let demand = ModelDemand(claimed: model.manifest["validation"])
      var fault = demand.fault
      if case .validate(let digest) = ticket.task {
        guard model.sha256 == digest else {
          throw SystemError(path, "offer it: it is not what was sent", .exists)
        }
        let measured = try JSONValue(WholeFile.bytes(finding(of: ticket), limit: 16 << 20))
        fault = ModelDemand(claimed: measured).fault ?? demand.excess(over: measured)
      }
      if let fault {
        let aside = "\(folder)/aside/\(ticket.model)"
        guard rename(path, aside) == 0 else { throw SystemError(aside, "keep the model aside") }
        ticket.state = .keptAside
        ticket.message = "kept aside: \(fault)"
      } else {
        guard rename(path, offered) == 0 else { throw SystemError(offered, "offer the model") }
      }
    }
    try register.update(ticket)
    Folder.removeTree(place(of: ticket.id))
  }
}
