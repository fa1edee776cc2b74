import System
import Diffraction
import FolderWatch
import FrameFormats

/// Frames in flight: opened on a thread, decided here, analysed on a thread, recorded here.
extension Session {
  /// Starts jobs while there is room. A disk that takes no more lines stops new ones: nothing may be
  /// analysed that cannot be recorded.
  func pump() {
    while running.count < options.inFlight, !isClosing, log.queued < SessionLog.queueLimit,
      let job = queue.next(
        at: now, isRefining: running.values.contains { $0.job.isRefinement },
        // Nobody looked into it, and it did not grow, since it was answered in a hurry.
        wanted: { state[file: $0.fileID]?.runs.count == $0.runs })
    {
      nextToken += 1
      let token = nextToken
      running[token] = Running(job: job, deadline: now + options.timeLimit.nanoseconds)
      if let row = state[file: job.fileID], row.status == .queued {
        var record = row.record
        record.status = .reading
        note(.file(record))
      }
      Task { await process(job, token) }
    }
  }

  private func process(_ job: Job, _ token: Int) async {
    let analyst = analyst
    let opened = await offload { () -> Result<Analyst.Opened, FileRefusal> in
      do throws(FileRefusal) {
        return .success(try analyst.open(path: job.path))
      } catch {
        return .failure(error)
      }
    }
    guard running[token] != nil else { return }
    switch opened {
    case .failure(let refusal): refuse(job, refusal)
    case .success(let opened): await analyze(opened, job, token)
    }
    running[token] = nil
    pump()
    changed()
  }

  private func analyze(_ opened: Analyst.Opened, _ job: Job, _ token: Int) async {
    var hasClaimed = false
    if job.kind == .first {
      switch index.claim(opened.content, for: job.fileID) {
      case .taken(let original):
        let path = state[file: original]?.path ?? "file \(original)"
        return refer(job, to: original, opened, "same content as \(path)")
      case .granted: hasClaimed = true
      case .held: break
      }
    }
    defer { if hasClaimed, state[file: job.fileID]?.run == nil { index.release(opened.content) } }
    let choice: String
    var texts: [String: String]
    switch job.kind {
    case .first:
      choice = analyst.choice
      texts = [:]
    case .rerun(let engine, let settings):
      choice = engine
      texts = settings
    case .refinement(let engine):
      choice = engine
      texts = [:]
    }
    guard let engine = analyst.engine(for: opened.summary, choice: choice) else {
      refuse(job, FileRefusal(.unsupported, "no engine takes \(opened.summary.format) files"))
      return
    }
    if joinsSeries(job, opened, engine) { return }
    texts.merge(settings[engine.name] ?? [:]) { chosen, _ in chosen }
    let stated = (try? ParameterValues(texts: texts, for: engine))?.texts(for: engine) ?? texts
    let circumstances = Lessons.Circumstances(engine, opened.summary, stated)
    let isHurried = hurries(engine, job, texts)
    // What is analysed again is analysed as the operator says; a scan learns from itself.
    if !isHurried, job.isLearning, opened.summary.frames == 1,
      let told = lessons.told(to: engine, circumstances, stated: texts)
    {
      texts[told.name] = told.value
    }
    if isHurried { texts.merge(engine.hurriedSettings) { _, hurried in hurried } }
    let parameters: ParameterValues
    do throws(InvalidParameter) {
      parameters = try ParameterValues(texts: texts, for: engine)
    } catch {
      refuse(job, FileRefusal(.unsupported, error.description))
      return
    }
    let previous = previousResult(before: job.fileID, engine: engine.name)
    let analyst = analyst
    guard let monitor = running[token]?.monitor else { return }
    let context = AnalysisContext(
      file: job.path, previous: previous?.finding, isCancelled: { monitor.isCancelled },
      progress: { monitor.report($0) })
    let started = now
    let box = Transferred(opened)
    let (outcome, identity) = await offload { () -> (Result<Finding, AnalysisError>, FileIdentity?) in
      do throws(AnalysisError) {
        let finding = try analyst.conclude(box.value, engine, parameters, context)
        return (.success(finding), try? FileIdentity(path: job.path))
      } catch {
        return (.failure(error), try? FileIdentity(path: job.path))
      }
    }
    guard running[token] != nil else { return }
    let duration = Double(now - started) / 1e6
    // Written to while it was read: what was found belongs to no file. Look again, and if it grows faster than it can be
    // analysed in full, in a hurry.
    guard identity == opened.identity else {
      if !isHurried { outrun.insert(job.fileID) }
      report(.changed, job)
      return
    }
    if !isHurried { outrun.remove(job.fileID) }
    switch outcome {
    case .success(let finding):
      finish(job, opened, engine, parameters, finding, duration, previous?.resultID)
      // In the order of their answers, and none twice.
      if !isHurried, job.isLearning {
        let changes = resting.take(finding, of: engine)
        for sentence in changes { note(.event(IncidentRecord(.changed, text: sentence))) }
        if !changes.isEmpty { lessons.forget(engine) }
        if opened.summary.frames == 1 { lessons.take(finding, engine, circumstances) }
      }
      if isHurried {
        queue.add(
          Job(
            fileID: job.fileID, path: job.path, kind: .refinement(engine: engine.name), readyAt: now,
            runs: state[file: job.fileID]?.runs.count ?? 0))
      }
    case .failure(.file(let refusal)): refuse(job, refusal)
    case .failure(.cancelled): break
    case .failure(let error):
      finish(
        job, opened, engine, parameters, Finding(failure: error, of: engine), duration,
        previous?.resultID)
    }
  }

  /// Not where an operator said how it is to be done.
  private func hurries(_ engine: any AnalysisEngine, _ job: Job, _ stated: [String: String]) -> Bool {
    (queue.hurries(job, at: now) || job.kind == .first && outrun.contains(job.fileID))
      && !engine.hurriedSettings.isEmpty
      && engine.hurriedSettings.keys.allSatisfy { stated[$0] == nil }
  }

  private func finish(
    _ job: Job, _ opened: Analyst.Opened, _ engine: any AnalysisEngine, _ parameters: ParameterValues,
    _ finding: Finding, _ duration: Double, _ previous: Identifier?
  ) {
    // As it is now: it may have been renamed, or been given another result, while this one was computed.
    guard let row = state[file: job.fileID] else { return }
    if job.kind == .first || opened.identity != row.identity {
      note(.file(fileRecord(row, opened)))
    }
    if job.kind == .first {
      index.record(opened.content, of: job.fileID)
      report(opened.summary.isComplete ? .done : .partial, job, read: opened.identity)
    }
    let result = ResultRecord(
      resultID: identifier(), fileID: job.fileID, file: row.path,
      frame: opened.summary.frames == 1 ? 0 : nil, engine: engine.name, finding: finding,
      parameters: parameters.texts(for: engine), durationMilliseconds: (duration * 1000).rounded() / 1000,
      supersedes: row.run?.id, previous: previous)
    note(.result(result))
    cache.insert(
      FrameCache.Entry(
        fileID: job.fileID, summary: opened.summary, frame: opened.frame, result: result.resultID,
        exhibits: finding.exhibits))
    results.note(at: now)
    if job.kind == .first { lastLag = now - job.readyAt }
  }

  private func fileRecord(_ row: FileRow, _ opened: Analyst.Opened) -> FileRecord {
    let summary = opened.summary
    var record = row.record
    record.status = summary.isComplete ? .done : .partial
    record.reason = summary.isComplete ? nil : "\(summary.frames) of \(summary.declaredFrames) patterns"
    record.content = opened.content
    record.identity = opened.identity
    record.format = summary.format
    record.frames = summary.frames
    record.declaredFrames = summary.declaredFrames
    record.shape =
      summary.frames == 1
      ? [summary.height, summary.width] : [summary.frames, summary.height, summary.width]
    record.sample = summary.sample.rawValue
    record.metadata = summary.calibration.items + summary.beam.items + summary.metadata
    record.warnings = summary.warnings
    return record
  }

  /// Another file's row has its answer, for this reason.
  func refer(_ job: Job, to original: Int, _ opened: Analyst.Opened, _ reason: String) {
    guard let row = state[file: job.fileID] else { return }
    var record = fileRecord(row, opened)
    record.status = .duplicate
    record.sameAs = original
    record.reason = reason
    note(.file(record))
    report(.done, job, read: opened.identity)
  }

  func refuse(_ job: Job, _ refusal: FileRefusal) {
    guard let row = state[file: job.fileID] else { return }
    let vanished = (try? FileIdentity(path: job.path)) == nil
    switch refusal.kind {
    case .truncated: report(.truncated(refusal.reason), job)
    case .unreadable where vanished:
      report(.changed, job)
      // The watcher was quicker, and has said so.
      if job.kind == .first, row.status == .gone { return }
      if job.kind == .first, row.status?.awaitsReading == true { live.lost += 1 }
    default: report(.refused(refusal.reason), job)
    }
    if job.kind != .first {
      note(.event(IncidentRecord(.error, text: "\(row.path): \(refusal.reason)")))
      return
    }
    var record = row.record
    record.status = .refused
    record.reason = refusal.reason
    record.kind = refusal.kind.rawValue
    record.offset = refusal.offset
    // A file that is tried again for hours says its reason once.
    if row.status != .refused || row.reason != refusal.reason { note(.file(record)) }
  }

  func giveUpLateFrames() {
    for (token, late) in running {
      let fraction = late.monitor.fraction
      if fraction != late.fraction {
        running[token]?.fraction = fraction
        running[token]?.deadline = now + options.timeLimit.nanoseconds
        changed()
        continue
      }
      guard now > late.deadline else { continue }
      late.monitor.cancel()
      running[token] = nil
      guard let row = state[file: late.job.fileID] else { continue }
      var record = row.record
      record.status = .timedOut
      record.reason = "gave up after \(options.timeLimit.nanoseconds / 1_000_000_000) s"
      note(.file(record))
      report(.refused("timeout"), late.job)
      pump()
    }
  }

  private func report(_ outcome: ReadOutcome, _ job: Job, read identity: FileIdentity? = nil) {
    guard job.kind == .first, let file = index.watchedFile(job.fileID) else { return }
    watcher?.report(outcome, for: file, read: identity)
  }

  /// The accepted result of the same engine on the nearest earlier file.
  private func previousResult(before fileID: Int, engine: String) -> ResultRecord? {
    record(before: fileID) { row in
      row.run.flatMap { $0.engine == engine && !row.isExcluded ? $0.offset : nil }
    }
  }

  /// The result with this identity, on one of the files before.
  func result(_ id: Identifier, before fileID: Int) -> ResultRecord? {
    if let offset = state.offset(of: id, before: fileID), case .result(let record)? = log.event(at: offset) {
      return record
    }
    return nil
  }

  /// The record that begins at the `offset` which the nearest earlier file names; what lies far back is not
  /// looked for.
  private func record(before fileID: Int, offset: (FileRow) -> Int?) -> ResultRecord? {
    for index in stride(from: fileID - 2, through: max(0, fileID - 1002), by: -1) {
      if let offset = offset(state.files[index]), case .result(let record)? = log.event(at: offset) {
        return record
      }
    }
    return nil
  }

  /// Runs `body` on a thread that may block, not on the few that all tasks share.
  nonisolated func offload<T>(_ body: @escaping @Sendable () -> sending T) async -> sending T {
    await withCheckedContinuation { continuation in
      workQueue.async { continuation.resume(returning: body()) }
    }
  }
}

/// Something that one thread hands to the next and does not touch again.
struct Transferred<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}

extension Calibration {
  /// As lines of metadata: what is known, and from where.
  var items: [MetadataItem] {
    [("pixel_x", x), ("pixel_y", y)].compactMap { name, axis in
      axis.map {
        MetadataItem(name: name, value: "\($0.value.scale)", unit: $0.value.unit, source: $0.source)
      }
    }
  }
}

extension Beam {
  var items: [MetadataItem] {
    let known: [(String, Sourced<Double>?, String)] = [
      ("voltage", voltageKilovolts, "kV"), ("convergence", convergenceMilliradians, "mrad"),
      ("camera_length", cameraLengthMillimetres, "mm"), ("exposure", exposureSeconds, "s"),
    ]
    return known.compactMap { name, value, unit in
      value.map { MetadataItem(name: name, value: "\($0.value)", unit: unit, source: $0.source) }
    }
  }
}
