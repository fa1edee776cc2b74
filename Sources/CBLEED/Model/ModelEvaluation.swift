import System
import Arrays
import Learning

/// How well patterns are read whose truth is known.
package enum ModelEvaluation {
  /// Mean absolute errors of the targets, and how often the 95 % intervals held the truth.
  package struct Row: Sendable, Equatable {
    package var name: String
    package var errors: [Double]
    package var coverage: [Double]
    /// Patterns that could not be read.
    package var refused: Int
  }

  /// Every regressor on images as a camera shows them: aligned, then read.
  package static func rows(
    _ model: PatternModel, _ test: SurfacePatterns, kinds: [RegressorKind] = RegressorKind.allCases
  ) throws(CBLEEDError) -> [Row] {
    let aligner = model.aligner
    let images = test.images
    let aligned = parallelMap(images.count) { aligner.align(images[$0]) }
    let columns = model.targets.map { target in test.targetNames.firstIndex(of: target.name) }
    var rows: [Row] = []
    for kind in kinds {
      if kind.usesLatents, let first = aligned.lazy.compactMap({ $0 }).first {
        // Fitted once, before threads ask for it.
        _ = try model.read(first, regressor: kind)
      }
      let answers = parallelMap(images.count) { index in
        aligned[index].flatMap { try? model.read($0, regressor: kind) }
      }
      var row = Row(
        name: kind.rawValue, errors: columns.map { _ in 0 }, coverage: columns.map { _ in 0 }, refused: 0)
      for (index, answer) in answers.enumerated() {
        guard let answer else {
          row.refused += 1
          continue
        }
        for (target, column) in columns.enumerated() {
          guard let column else { continue }
          let truth = test.parameters[index, column]
          row.errors[target] += abs(answer.values[target] - truth)
          if truth >= answer.low[target], truth <= answer.high[target] { row.coverage[target] += 1 }
        }
      }
      let read = Double(max(1, images.count - row.refused))
      row.errors = row.errors.map { $0 / read }
      row.coverage = row.coverage.map { $0 / read }
      rows.append(row)
    }
    return rows
  }
}

extension ModelTraining {
  /// What a method makes of the same clean patterns when rows are held out at random, and when whole blocks
  /// of energies and structures are: the second is what lies between known patterns, the first what lies
  /// beside them.
  package struct SplitRow: Sendable, Equatable {
    package var name: String
    package var random: [Double]
    package var blocks: [Double]
  }

  /// Regressions are fitted anew for each split; the autoencoder, which knows no truth, has seen all patterns.
  package func splitStudy(_ model: PatternModel) throws(CBLEEDError) -> [SplitRow] {
    do {
      var random = RandomNumbers(seed: options.seed).stream(31)
      let everyRow = Array(0..<patterns.count)
      let splits = [
        GroupedSplits.holdOut(everyRow, fraction: 0.2, random: &random),
        GroupedSplits.holdOut(blocks, fraction: 0.2, random: &random),
      ]
      let raw = try encode(clean, model.autoencoderModel, model.autoencoder)
      let (latents, _, _) = Self.standardised(raw)
      var errors: [[[Double]]] = []
      let kinds = RegressorKind.allCases
      for split in splits {
        var list: [[Double]] = []
        for kind in kinds { list.append(try errorsOf(kind, split, latents)) }
        errors.append(list)
      }
      return kinds.indices.map { index in
        SplitRow(name: kinds[index].rawValue, random: errors[0][index], blocks: errors[1][index])
      }
    } catch let error as CBLEEDError {
      throw error
    } catch {
      throw .notConverged("the splits: \(error)")
    }
  }

  /// Five bands of energy by three of every other parameter.
  private var blocks: [Int] {
    (0..<patterns.count).map { row in
      domain.indices.reduce(0) { block, column in
        let bands = column == 0 ? 5 : 3
        let place = (ForwardEmulator.scaled(patterns.parameters[row, column], domain[column]) + 1) / 2
        return block * bands + min(bands - 1, max(0, Int(place * Double(bands))))
      }
    }
  }

  private func errorsOf(_ kind: RegressorKind, _ split: Split, _ latents: DoubleMatrix) throws -> [Double] {
    let truth = patterns.parameters.selectingRows(split.test)
    let training = patterns.parameters.selectingRows(split.training)
    switch kind {
    case .likelihood:
      let components = try components(of: clean, rows: split.training)
      let coordinates = components.project(clean)
      let fit = LikelihoodFit(
        emulator: try emulator(coordinates, rows: Array(split.training.prefix(options.emulated))),
        coarse: try emulator(coordinates, rows: Array(split.training.prefix(options.coarse))),
        modelCovariance: DoubleMatrix.identity(coordinates.columns),
        noiseCovariance: DoubleMatrix.identity(coordinates.columns))
      guard let weighing = fit.weighing(noise: 0) else { throw CBLEEDError.notConverged("weights") }
      let few = Array(split.training.prefix(options.coarse))
      let reader = try RootReader(
        fitting: clean.selectingRows(few), patterns.parameters.selectingRows(few),
        count: options.rootComponents, gamma: 0.3, ridge: 1e-6)
      let starts = reader.predict(clean.selectingRows(split.test))
      let answers = parallelMap(split.test.count) { index -> [Double] in
        let start = fit.emulator.scaled(Array(starts.row(index)))
        let found = fit.solve(Array(coordinates.row(split.test[index])), weighing, start: start)
        return fit.emulator.restored(found?.scaled ?? start)
      }
      return meanAbsoluteError(
        DoubleMatrix(rows: answers.count, columns: truth.columns, values: answers.flatMap { $0 }), truth)
    case .pcaKernelRidge:
      let reader = try RootReader(
        fitting: clean.selectingRows(split.training), training, count: options.rootComponents, gamma: 0.3,
        ridge: 1e-8)
      return meanAbsoluteError(reader.predict(clean.selectingRows(split.test)), truth)
    default:
      let scaling = TargetScaling(training)
      let regressor = try kind.fit(latents.selectingRows(split.training), scaling.scaled(training))
      let found = scaling.restored(regressor.predict(latents.selectingRows(split.test)))
      return meanAbsoluteError(found, truth)
    }
  }
}
