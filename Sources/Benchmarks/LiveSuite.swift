import Diffraction
import FrameFormats
import Glibc
import Synchronization

/// The whole way, from a closed file to the screen of the real program, on a pseudo terminal of 200x50.
func liveSuite() async -> [Measurement] {
  var rows: [Measurement] = []
  for rate in [1.0, 20, 100] {
    rows += await withTemporaryFolder { latency(in: $0, rate: rate, count: rate == 1 ? 20 : Int(rate * 10)) }
  }
  return rows
}

/// The same on a folder of a hundred thousand files.
func fullFolderSuite() async -> [Measurement] {
  await withTemporaryFolder { oldFiles(in: $0, count: 100_000) }
    + withTemporaryFolder { burst(in: $0, count: 100_000) }
}

private func program(_ folder: String, _ extra: [String] = []) -> PseudoTerminal? {
  let build = CommandLine.arguments[0].split(separator: "/", omittingEmptySubsequences: false).dropLast()
  let path = build.isEmpty ? "./ewald" : build.joined(separator: "/") + "/ewald"
  return PseudoTerminal(
    [path, "watch", folder + "/frames", "--session", folder + "/bench.session.jsonl"] + extra, width: 200,
    height: 50)
}

/// A frame of 512 x 512 x 16 bit with a disc; its number stands in the corner, so that no two are the same.
func frame(_ number: Int, size: Int) -> [UInt8] {
  var values = [UInt16](repeating: 20, count: size * size)
  let radius = size / 4
  for y in 0..<size {
    for x in 0..<size {
      let dx = x - size / 2
      let dy = y - size / 2
      if dx * dx + dy * dy < radius * radius {
        values[y * size + x] = UInt16(500 + (x * 7 + y * 13 + number) % 97)
      }
    }
  }
  values[0] = UInt16(number & 0xff)
  values[1] = UInt16(number >> 8)
  return TIFFWriter.encode([TIFFWriter.Page(Pixels(width: size, height: size, values: values))])
}

func put(_ bytes: [UInt8], _ path: String) {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
  close(descriptor)
}

/// The first screen, whole: the status line and the keys below.
private func stands(_ terminal: PseudoTerminal) -> Bool {
  terminal.row(0).contains(" FOLLOW ") && terminal.row(terminal.height - 1).contains("? help")
}

/// Whether the head of the list counts so many files.
private func lists(_ terminal: PseudoTerminal, _ count: Int) -> Bool {
  terminal.row(1).prefix(60).contains(" \(count) ")
}

/// File closed to its result on the screen.
private func latency(in folder: String, rate: Double, count: Int) -> [Measurement] {
  mkdir(folder + "/frames", 0o755)
  guard let terminal = program(folder), terminal.wait(20, until: stands) != nil
  else {
    return [Measurement("the program did not start", .nan, "")]
  }
  let frames = (0..<min(count, 64)).map { frame($0, size: 512) }
  let closed = Mutex<[Double]>([])
  let writer = Thread { index in
    // Every frame differs from every other: its number is written into the corner before it goes out.
    var bytes = frames[index % frames.count]
    bytes[8] = UInt8(index & 0xff)
    bytes[10] = UInt8(index >> 8)
    put(bytes, "\(folder)/frames/f\(10000 + index).tif")
    closed.withLock { $0.append(seconds()) }
    usleep(UInt32(1e6 / rate))
    return index + 1 < count
  }
  var shown = [Double](repeating: .nan, count: count)
  var keyDelays: [Double] = []
  var lowest = 0
  let deadline = seconds() + Double(count) / rate + 20
  var nextKey = seconds() + 1
  while lowest < count, seconds() < deadline {
    let moment = terminal.wait(0.25) { terminal in
      newlyShown(terminal, &shown, from: lowest)
    }
    _ = moment
    while lowest < count, !shown[lowest].isNaN { lowest += 1 }
    // A key now and then, while all this goes on: the palette opens and closes again.
    if seconds() > nextKey {
      nextKey = seconds() + 0.5
      let pressed = seconds()
      terminal.type(":")
      if let there = terminal.wait(5, until: { $0.screen.contains("+ Commands -") }) {
        keyDelays.append((there - pressed) * 1000)
      }
      terminal.type("\u{1b}")
      _ = terminal.wait(5) { !$0.screen.contains("+ Commands -") }
    }
  }
  writer.join()
  let times = closed.withLock { $0 }
  let delays = zip(shown, times).map { ($0 - $1) * 1000 }.filter { !$0.isNaN }
  let name = "closed to shown at \(Int(rate))/s, 512x512x16"
  let isGoal = rate == 20
  return [
    Measurement("\(name), p50", percentile(delays, 50), "ms", goal: isGoal ? "<= 100" : ""),
    Measurement("\(name), p99", percentile(delays, 99), "ms", goal: isGoal ? "<= 500" : ""),
    Measurement("frames shown of \(count) at \(Int(rate))/s", Double(delays.count), ""),
    Measurement("key to redraw meanwhile, median", median(keyDelays), "ms", goal: "<= 100"),
    Measurement("key to redraw meanwhile, worst", keyDelays.max() ?? .nan, "ms"),
    Measurement("peak memory at \(Int(rate))/s", ProcessFigures.peakMemory(terminal.process), "MB"),
  ]
}

/// Notes which frames stand in the list with their result; true when there was a new one.
private func newlyShown(_ terminal: PseudoTerminal, _ shown: inout [Double], from lowest: Int) -> Bool {
  let now = seconds()
  var found = false
  for y in 1..<terminal.height {
    let row = terminal.row(y)
    guard row.count > 40, case let list = row.prefix(48), list.contains(" ok ") || list.contains(" ? "),
      let at = list.firstRange(of: " f1"), let number = Int(list[at.upperBound...].prefix(4)),
      shown.indices.contains(number), shown[number].isNaN
    else { continue }
    shown[number] = now
    found = true
  }
  return found
}

/// A folder that has been filled for years.
private func oldFiles(in folder: String, count: Int) -> [Measurement] {
  mkdir(folder + "/frames", 0o755)
  let bytes = frame(0, size: 8)
  for index in 0..<count { put(unique(bytes, index), "\(folder)/frames/old\(1_000_000 + index).tif") }
  let start = seconds()
  guard let terminal = program(folder, ["--existing", "skip"]),
    let first = terminal.wait(
      60, until: stands)
  else { return [Measurement("the program did not start", .nan, "")] }
  let all = terminal.wait(120) { lists($0, count) } ?? .nan
  // What is left to settle settles; then a quiet folder must cost nothing.
  _ = terminal.wait(15) { _ in false }
  let before = ProcessFigures.processorTime(terminal.process)
  let from = seconds()
  _ = terminal.wait(20) { _ in false }
  let idle = (ProcessFigures.processorTime(terminal.process) - before) / (seconds() - from) * 100
  return [
    Measurement("start on \(count) old files: first screen", first - start, "s", goal: "<= 0.5"),
    Measurement("start on \(count) old files: all listed", all - start, "s", goal: "<= 5"),
    Measurement("idle on \(count) files", idle, "% of a core", goal: "< 1"),
    Measurement("peak memory on \(count) old files", ProcessFigures.peakMemory(terminal.process), "MB"),
  ]
}

/// A hundred thousand files within ten seconds.
private func burst(in folder: String, count: Int) -> [Measurement] {
  mkdir(folder + "/frames", 0o755)
  guard let terminal = program(folder), terminal.wait(20, until: stands) != nil
  else {
    return [Measurement("the program did not start", .nan, "")]
  }
  let bytes = frame(0, size: 8)
  let started = seconds()
  let finished = Mutex(0.0)
  let writer = Thread { index in
    put(unique(bytes, index), "\(folder)/frames/b\(1_000_000 + index).tif")
    // Spread over ten seconds.
    let ahead = Double(index) / Double(count) * 9.5 - (seconds() - started)
    if ahead > 0.001 { usleep(UInt32(ahead * 1e6)) }
    if index + 1 == count { finished.withLock { $0 = seconds() } }
    return index + 1 < count
  }
  let all = terminal.wait(120) { lists($0, count) } ?? .nan
  let pressed = seconds()
  terminal.type(":")
  let key = terminal.wait(10) { $0.screen.contains("+ Commands -") } ?? .nan
  writer.join()
  return [
    Measurement("burst: \(count) files written in", finished.withLock { $0 } - started, "s"),
    Measurement("burst: all discovered after the first", all - started, "s", goal: "<= 15"),
    Measurement("burst: key to redraw while it is worked off", (key - pressed) * 1000, "ms", goal: "<= 100"),
    Measurement("burst: peak memory", ProcessFigures.peakMemory(terminal.process), "MB", goal: "<= 256"),
  ]
}

private func unique(_ bytes: [UInt8], _ index: Int) -> [UInt8] {
  var bytes = bytes
  for byte in 0..<4 { bytes[8 + 2 * byte] = UInt8(truncatingIfNeeded: index >> (8 * byte)) }
  return bytes
}

/// A POSIX thread that repeats its body while it says so.
final class Thread {
  private var handle = pthread_t()

  init(_ body: @escaping @Sendable (Int) -> Bool) {
    let box = Unmanaged.passRetained(Box(body)).toOpaque()
    pthread_create(
      &handle, nil,
      { argument in
        guard let argument else { return nil }
        let body = Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body
        var index = 0
        while body(index) { index += 1 }
        return nil
      }, box)
  }

  func join() { pthread_join(handle, nil) }

  private final class Box {
    let body: @Sendable (Int) -> Bool
    init(_ body: @escaping @Sendable (Int) -> Bool) { self.body = body }
  }
}
