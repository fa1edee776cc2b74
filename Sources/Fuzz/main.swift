import System
import Diffraction
import Dispatch
import FrameFormats
import Glibc
import Synchronization
import Workers

// Feeds damaged files to one reader:
//
//     swift run -c release Fuzz dm --executions 1000000 --seed 1 [--from N] [--corpus FOLDER]
//
// A crash leaves the number of the execution in the scratch folder that is printed first; `--from N
// --executions 1` runs it again. Executions above one second and memory above 64 MB are findings, too.
//
//     swift run -c release Fuzz engines [COUNT] [SEED] [--from N]
//
// feeds damaged frames of the samples to every engine.
//
//     swift run -c release Fuzz http [COUNT] [SEED] --port PORT
//
// sends damaged requests to a service (.ci/fuzz-http starts one).

/// Executions so far; the watchdog looks at it.
nonisolated let progress = Atomic<Int>(0)

/// Reads every byte.
nonisolated func touch(_ pixels: Pixels) -> Int {
  let sum = pixels.withBytes { bytes in
    var sum = 0
    for byte in bytes { sum &+= Int(byte) }
    return sum
  }
  return sum < 0 ? 0 : 1
}

nonisolated func fail(_ message: String) -> Never {
  print(message)
  exit(2)
}

func now() -> Double { SystemClock.monotonic.seconds }

func residentBytes() -> Int {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_maxrss << 10
}

/// A file that is rewritten in place: no name is created or removed a million times.
struct ScratchFile {
  let path: String
  private let descriptor: Int32

  init(_ path: String) {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { fail("cannot write \(path)") }
  }

  func write(_ bytes: [UInt8]) {
    ftruncate(descriptor, 0)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        pwrite(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done, done)
      }
      guard count > 0 else { fail("cannot write \(path)") }
      done += count
    }
  }
}

/// Every execution's number is printed before it begins, over the one before: after a death the last one is left.
func fuzzEngines(_ executions: Range<Int>, seed: UInt64, samples: String) -> Never {
  let fuzz = EngineFuzz(samples: samples, seed: seed)
  guard fuzz.isComplete else { fail("no samples in \(samples)") }
  print("engines: seed \(seed), executions from \(executions.lowerBound)")
  let started = now()
  var (faults, slow, slowest) = (0, 0, 0.0)
  for execution in executions {
    print("\(execution)", terminator: "\r")
    fflush(nil)
    let begin = now()
    if let fault = fuzz.fault(execution) {
      faults += 1
      print("FINDING: \(fault)")
    }
    let elapsed = now() - begin
    slowest = max(slowest, elapsed)
    if elapsed > 10 {
      slow += 1
      print("SLOW: execution \(execution) took \(Int(elapsed)) s")
    }
  }
  print(
    "engines: \(executions.count) executions in \(Int(now() - started)) s, findings \(faults); slowest "
      + "\(Int(slowest * 1000)) ms, above 10 s: \(slow); peak memory \(residentBytes() >> 20) MB")
  exit(faults > 0 ? 2 : 0)
}

nonisolated(unsafe) var arguments = Array(CommandLine.arguments.dropFirst())
func option(_ name: String) -> String? {
  guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return nil }
  defer { arguments.removeSubrange(index...(index + 1)) }
  return arguments[index + 1]
}
let executions = option("--executions").flatMap { Int($0) } ?? 100_000
let seed = option("--seed").flatMap { UInt64($0) } ?? 1
let from = option("--from").flatMap { Int($0) } ?? 0
let source = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
let folder = option("--corpus") ?? "/\(source)/Tests/FrameFormatsTests/Reference"
let memory = option("--memory").flatMap { Int($0) } ?? 1 << 30
// The verb under which the tests and `--isolated` start this program again.
if arguments.first == "read-worker" { ReadingMain.run(memoryBytes: memory) }
if arguments.first == "engines" {
  let numbers = arguments.dropFirst().compactMap { Int($0) }
  fuzzEngines(
    from..<from + (numbers.first ?? 10_000), seed: numbers.dropFirst().first.map { UInt64($0) } ?? seed,
    samples: "/\(source)/Samples")
}
if arguments.first == "http" {
  guard let port = option("--port").flatMap({ UInt16($0) }) else {
    fail("usage: Fuzz http [COUNT] [SEED] --port PORT")
  }
  let numbers = arguments.dropFirst().compactMap { Int($0) }
  let count = numbers.first ?? 1_000_000
  let begun = now()
  switch HTTPFuzz(port: port, seed: numbers.dropFirst().first.map { UInt64($0) } ?? seed).run(
    from..<from + count)
  {
  case .success(let count):
    print("http: \(count) damaged requests in \(Int(now() - begun)) s, the service answers")
  case .failure(let failure): fail("http: \(failure.description)")
  }
  exit(0)
}
guard let word = arguments.first,
  let format = FormatList.formats.first(where: { $0.name.lowercased() == word || $0.suffixes.contains(word) })
else {
  fail(
    "usage: Fuzz <\(FormatList.formats.map { $0.name.lowercased() }.joined(separator: "|"))> [--executions N] [--seed S]"
  )
}
// libhdf5 is known to crash on damaged files: it is only ever let near them in a process of its own.
let isIsolated = format.name == "HDF5" || arguments.contains("--isolated")
let worker =
  isIsolated
  ? WorkerReader(executable: CommandLine.arguments[0], arguments: ["read-worker"], timeLimit: .seconds(1))
  : nil
let cases = Corpus.load(from: folder, suffixes: format.suffixes)
guard !cases.isEmpty else { fail("no fixtures of \(format.name) in \(folder)") }

let sound = cases.contains { !$0.isHostile } ? cases.filter { !$0.isHostile } : cases

let scratch = "/dev/shm/ewald-fuzz-\(getpid())"
mkdir(scratch, 0o700)
var files: [String: ScratchFile] = [:]
for item in cases {
  files[item.name] = ScratchFile("\(scratch)/\(item.name)")
  for companion in item.companions { files[companion.name] = ScratchFile("\(scratch)/\(companion.name)") }
}
for item in cases {
  for companion in item.companions { files[companion.name]?.write(companion.bytes) }
}
let marker = ScratchFile("\(scratch)/execution")
print("\(format.name): \(cases.count) fixtures, seed \(seed), scratch \(scratch)")

// A reader that hangs is told from outside.
let watchdog = DispatchSource.makeTimerSource(queue: .global())
nonisolated(unsafe) var seen = -1
watchdog.schedule(deadline: .now() + 10, repeating: 10)
watchdog.setEventHandler { @Sendable in
  let current = progress.load(ordering: .relaxed)
  if current == seen { fail("HANG at execution \(current)") }
  seen = current
}
watchdog.activate()

let started = now()
var opened = 0
var refusedAtOpen = 0
var framesRead = 0
var framesRefused = 0
var slow = 0
var deaths: [String: Int] = [:]
var slowest = 0.0
for execution in from..<(from + executions) {
  progress.store(execution, ordering: .relaxed)
  marker.write(Array(String(execution).utf8))
  var mutator = Mutator(random: Random(seed: seed, execution: UInt64(execution)))
  // Damage to a whole file gets further in than damage to a broken one.
  let pool = mutator.random.below(4) == 0 ? cases : sound
  let item = pool[mutator.random.below(pool.count)]
  let other = cases[mutator.random.below(cases.count)].bytes
  // Mostly the file itself is damaged, sometimes what lies beside it.
  var damaged: (name: String, bytes: [UInt8])?
  if !item.companions.isEmpty && mutator.random.below(3) == 0 {
    damaged = item.companions[mutator.random.below(item.companions.count)]
  }
  if let companion = damaged {
    files[companion.name]?.write(mutator.mutate(companion.bytes, other: other))
    files[item.name]?.write(item.bytes)
  } else {
    var bytes = mutator.mutate(item.bytes, other: other)
    if format.name == "PNG" && mutator.random.below(8) > 0 { Checksums.mendPNG(&bytes) }
    if format.name == "NPZ" && mutator.random.below(8) > 0 { Checksums.mendZIP(&bytes) }
    files[item.name]?.write(bytes)
  }
  let limits =
    execution % 16 == 0 ? ReadLimits() : ReadLimits(pixels: 1 << 22, frameBytes: 1 << 24, entries: 10_000)
  let begin = now()
  do throws(FileRefusal) {
    let path = "\(scratch)/\(item.name)"
    let frames =
      if let worker { try worker.open(path: path, limits: limits) } else {
        try format.open(path: path, limits: limits)
      }
    opened += 1
    let summary = frames.summary
    guard summary.width > 0, summary.height > 0, summary.frames > 0, summary.declaredFrames >= 0 else {
      fail("FINDING: execution \(execution): a summary without an image")
    }
    for index in Set([0, summary.frames - 1, mutator.random.below(summary.frames)]) {
      do throws(FileRefusal) {
        let frame = try frames.frame(at: index)
        // Every byte has to be there to be read.
        framesRead += touch(frame.pixels)
      } catch {
        framesRefused += 1
        if error.reason.hasPrefix("the reading process") { deaths[error.reason, default: 0] += 1 }
      }
    }
  } catch {
    refusedAtOpen += 1
    if error.reason.hasPrefix("the reading process") { deaths[error.reason, default: 0] += 1 }
    if error.reason.contains("\n") || error.reason.isEmpty || error.reason.utf8.count > 1000 {
      fail("FINDING: execution \(execution): a refusal that is not one line: \(error.reason)")
    }
  }
  let elapsed = now() - begin
  slowest = max(slowest, elapsed)
  if elapsed > 1 {
    slow += 1
    print("SLOW: execution \(execution) took \(elapsed) s (\(item.name))")
  }
  if let companion = damaged { files[companion.name]?.write(companion.bytes) }
}
let seconds = now() - started
print(
  "\(format.name): \(executions) executions in \(Int(seconds)) s (\(Int(Double(executions) / seconds))/s); opened \(opened), refused \(refusedAtOpen); "
    + "frames read \(framesRead), refused \(framesRefused); slowest \(Int(slowest * 1000)) ms, above 1 s: \(slow); peak memory \(residentBytes() >> 20) MB"
)
for (reason, count) in deaths { print("\(count) x \(reason)") }
for (_, file) in files { unlink(file.path) }
unlink(marker.path)
rmdir(scratch)
