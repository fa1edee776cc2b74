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
    for var ticket in try register.openTickets() where ticket.state == .running {
      ticket.state = .queued
      try register.update(ticket)
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
    if inquiry == nil, let same = open.first(where: { $0.request == request }) { return same }
    guard open.count < 1000 else { throw Refusal(503, "a thousand trainings wait already", retryAfter: 3600) }
    let now = Register.now
    let ticket = Ticket(
      id: "\(Register.newIdentifier())", created: now, changed: now, token: account.name, state: .queued,
      request: request, model: try freeName(request, open), progress: 0, message: "waits for its turn",
      inquiry: inquiry, seconds: 0)
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
      train(ticket)
    }
    ended.signal()
  }

  private func train(_ ticket: Ticket) {
    var ticket = ticket
    let place = place(of: ticket.id)
    let output = "\(place)/\(ticket.model)"
    do {
      try Folder.makeWithParents(place)
      var file: String?
      if let cif = ticket.request.cif {
        file = "\(place)/\(ticket.request.crystal).cif"
        try NewFile.write(Array(cif.utf8), to: file ?? "")
      }
      // Killed between the training and the offer.
      if FilePath.exists("\(folder)/models/\(ticket.model)") || FilePath.exists(output) {
        return try conclude(&ticket, output)
      }
      guard let process = Companion(executable, ticket.request.words(crystalFile: file, output: output))
      else {
        throw SystemError("ewald train", "be started")
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
      try follow(process, &ticket, output)
    } catch {
      ticket.state = .failed
      ticket.message = "\(error)"
      try? register.update(ticket)
    }
  }

  private func follow(_ process: Companion, _ ticket: inout Ticket, _ output: String) throws {
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
      return try conclude(&ticket, output)
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

  /// Offers a trained model, or keeps it aside where its validation says that nobody should use it.
  private func conclude(_ ticket: inout Ticket, _ output: String) throws {
    let offered = "\(folder)/models/\(ticket.model)"
    if FilePath.exists(output) {
      let model = try ModelFolder(path: output)
      try model.verify()
      if let fault = ModelDemand.fault(of: model) {
        let aside = "\(folder)/aside/\(ticket.model)"
        guard rename(output, aside) == 0 else { throw SystemError(aside, "keep the model aside") }
        ticket.state = .keptAside
        ticket.message = "trained, and kept aside: \(fault)"
      } else {
        guard rename(output, offered) == 0 else { throw SystemError(offered, "offer the model") }
        ticket.state = .done
      }
    } else {
      ticket.state = .done
    }
    if ticket.state == .done {
      ticket.progress = 1
      ticket.message = "\(ticket.model) is offered"
    }
    try register.update(ticket)
    Folder.removeTree(place(of: ticket.id))
  }
}

/// What a model's validation must reach before it is offered to anyone.
package enum ModelDemand {
  /// At a tenth of the range in noise: the truth among the network's three best answers, and the middle error.
  static let amongThree = 0.85
  static let medianPercent = 5.0

  /// Nil where it does.
  package static func fault(of model: ModelFolder) -> String? {
    guard let rows = model.manifest["validation"]?.items,
      let row = rows.first(where: { $0["of"]?.string == "noise 0.1" }),
      let among = row["among_three"]?.double,
      let median = row["thickness_error_median_percent"]?.double
    else { return "its manifest tells no validation at noise 0.1" }
    if among < amongThree {
      return
        "the truth is among its three best answers in \(percent(among)) of the patterns; \(percent(amongThree)) are asked for"
    }
    if median > medianPercent { return "its median error is \(median) %; \(medianPercent) % are asked for" }
    return nil
  }

  private static func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
}
