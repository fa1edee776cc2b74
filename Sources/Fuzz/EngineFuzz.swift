import AtomTomography
import CBLEED
import Diffraction
import FrameFormats
import FrameQuality
import FrameScaling
import HostileFrames
import Learning
import PACBED
import SPED
import System

/// Feeds damaged frames to every engine, in this process: a trap ends it, and the number of the execution is in
/// the marker file.
struct EngineFuzz {
  private let engines: [any AnalysisEngine]
  /// Frames of the samples, by the name of the engine that they are for.
  private let patterns: [String: [Pixels]]
  private let seed: UInt64

  /// - Parameter samples: the folder of the samples and the models that come with the program.
  init(samples: String, seed: UInt64) {
    self.seed = seed
    let library = ModelLibrary(folders: ["\(samples)/models"])
    engines = [
      FrameEngine(), PACBEDEngine(library: library), CBLEEDEngine(library: library), SPEDEngine(),
      AtomTomographyEngine(), FrameScalingEngine(),
    ]
    let hostile = HostileFrame.all.map(\.pixels)
    patterns = [
      "frame": hostile,
      "pacbed": Self.frames("\(samples)/rutile-wedge", 6),
      "cbleed": Self.frames("\(samples)/silicon-cbleed", 6),
      "sped": Self.frames("\(samples)/mgo-sped", 400),
      "atom-tomography": Self.frames("\(samples)/crystallites", 4),
      "frame-scaling": Self.frames("\(samples)/quartz-3ded", 1),
    ]
  }

  /// The first frames of a folder's files.
  private static func frames(_ folder: String, _ count: Int) -> [Pixels] {
    var found: [Pixels] = []
    for name in FolderNames(folder).sorted() where !name.contains("truth") {
      guard let source = try? FormatList.open(path: "\(folder)/\(name)") else { continue }
      for index in 0..<min(source.summary.frames, count - found.count) {
        if let frame = try? source.frame(at: index) { found.append(frame.pixels) }
      }
    }
    return found
  }

  var isComplete: Bool { patterns.values.allSatisfy { !$0.isEmpty } }

  /// What is wrong with the engine's answer to one damaged frame or scan.
  func fault(_ execution: Int) -> String? {
    var random = Random(seed: seed, execution: UInt64(execution))
    let engine = engines[execution % engines.count]
    // Mostly its own patterns: others are turned away soon.
    let names = patterns.keys.sorted()
    let name = random.below(3) == 0 ? names[random.below(names.count)] : engine.name
    guard let pool = patterns[name], !pool.isEmpty else { return nil }
    let isScan = engine.name == "sped" ? random.below(20) > 0 : random.below(8) == 0
    let start = random.below(pool.count)
    var damage = FrameDamage(random)
    let settings = damage.settings(of: engine)
    guard isScan else {
      var frame = Frame(pixels: damage.damaged(pool[start]))
      damage.describe(&frame)
      return EngineCheck(engine).fault(.frame(frame), "execution \(execution)", settings)
    }
    let most = engine.name == "sped" ? 20 : 2
    let shape = ScanShape(width: 1 + damage.below(most), height: 1 + damage.below(most))
    // The same damage to all of a scan, or to some: a camera fails for a while.
    let share = damage.below(4)
    let steps = damage
    var pixels: [Pixels] = []
    for index in 0..<shape.count {
      let whole = pool[(start + index) % pool.count]
      var same = steps
      pixels.append(share == 0 || index % 4 < share ? same.damaged(whole) : whole)
    }
    let first = pixels[0]
    pixels = pixels.map { $0.width == first.width && $0.height == first.height ? $0 : first }
    if damage.below(4) == 0 { pixels.removeLast(damage.below(pixels.count)) }
    return EngineCheck(engine).fault(
      .scan(HostileScan(pixels, shape, states: damage.below(8) > 0)), "execution \(execution)", settings)
  }
}
