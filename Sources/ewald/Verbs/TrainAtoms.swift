import AtomTomography
import Glibc
import JSON
import Learning
import System

/// The publication's learned localisation, trained on simulated crystals: to be compared with, not to be relied on.
let trainAtoms = Verb(
  name: "atoms", operands: "", summary: "a network that sees atoms in reconstructed images, to compare with",
  options: Authorship.options + [
    Verb.Option("--steps", "N", "of eight crystals each (1000)"),
    Verb.Option("--seed", "N", "same seed, same network (1)"),
    Verb.Option("--threads", "N", "2"),
    Verb.Option("--output", "MODEL", "the model's folder"),
  ],
  run: { arguments in
    guard let output = arguments["--output"] else { throw UsageError("train: --output MODEL is needed") }
    guard !FilePath.exists(output) else { throw UsageError("train: \(output): is there already") }
    let origin = try Authorship.origin(arguments)
    var training = LearnedLocalisation.Training()
    training.steps = Int(try arguments.number("--steps", 1000, in: 1...1_000_000))
    training.seed = UInt64(try arguments.number("--seed", 1, in: 0...1e15))
    training.threads = Int(try arguments.number("--threads", 2, in: 1...1024))
    let interruption = Interruption()
    let steps = training.steps
    let model = try training.run(
      isCancelled: { interruption.came },
      report: { step, loss in
        if step % 50 == 0 || step == steps {
          Console.message("step \(step) of \(steps), loss \((loss * 1e4).rounded() / 1e4)")
        }
      })
    guard !interruption.came else { return .interrupted }
    let id = output.split(separator: "/").last.map(String.init) ?? output
    try ModelFolder.write(
      id: id, engine: "atom-tomography", origin: origin,
      manifest: [
        "summary": .text("learned localisation of atoms, for comparison"),
        "steps": .integer(steps),
      ],
      files: [LearnedLocalisation.file: try model.bytes()], to: output)
    Console.line(output)
    return .ok
  })
