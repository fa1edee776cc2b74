import Workers

// The program starts itself with these: what comes from outside is touched in processes that may die.

/// Opens files for another ewald; see `WorkerReader`.
let readWorkerVerb = Verb(
  name: "read-worker", operands: "", summary: "open files for another ewald", options: [WorkerOptions.raw],
  isHidden: true,
  run: { arguments in ReadingMain.run(raw: try WorkerOptions.layout(arguments)) })

/// Analyses frames for another ewald; see `AnalystPool`.
let analysisWorkerVerb = Verb(
  name: "analysis-worker", operands: "", summary: "analyse frames for another ewald",
  options: [WorkerOptions.memory], isHidden: true,
  run: { arguments in
    AnalysingMain.run(engines: Ewald.everyEngine, memoryBytes: try WorkerOptions.memoryBytes(arguments))
  })
