import FrameFiles

/// The process that opens files for another ewald; see `WorkerReader`.
let readWorkerVerb = Verb(
  name: "read-worker", operands: "", summary: "open files for another ewald", options: [], isHidden: true,
  run: { _ in WorkerMain.run() })
