import JSON
import System
import Diffraction
import FrameFormats
import Glibc
import Workers

/// How fast frames come out of files: every file of a folder, opened and read frame by frame, on one thread
/// and from the page cache. `Peers/formats/run.sh` makes the folder and measures the peers on the same files.
///
/// One JSON line a case: frames a second, megabytes of pixels a second, and for the reading process the
/// microseconds that it adds to a frame.
enum FormatsSuite {
  /// `worker` is a program and its arguments that end in `WorkerMain.run()`.
  static func run(folder: String, worker: [String] = [], rounds: Int = 7) {
    for name in FolderNames(folder).sorted() where !name.hasPrefix(".") && !name.hasSuffix(".json") {
      let path = "\(folder)/\(name)"
      let suffix = name.split(separator: ".").last.map(String.init) ?? ""
      guard FormatList.suffixes.contains(suffix) else { continue }
      var times: [Double] = []
      var pixels = 0
      var frames = 0
      do {
        for _ in 0..<rounds {
          let start = now()
          (frames, pixels) = try readAll(try FormatList.open(path: path))
          times.append(now() - start)
        }
      } catch {
        report(name, error)
        continue
      }
      report(name, Double(frames) / median(times), "frames/s")
      report(name, Double(pixels) / median(times) / 1e6, "MB/s")
      if let program = worker.first {
        overhead(name, path, program, Array(worker.dropFirst()), rounds: rounds)
      }
    }
  }

  /// What the way through the worker adds to a frame, by the clock and in processor time of both processes. A file
  /// of one frame is opened anew for each measurement, as a session does with the frames of a camera.
  private static func overhead(
    _ name: String, _ path: String, _ program: String, _ arguments: [String], rounds: Int
  ) {
    let reader = WorkerReader(executable: program, arguments: arguments)
    do {
      let direct = try FormatList.open(path: path)
      let isolated = try reader.open(path: path)
      _ = try isolated.frame(at: 0)
      let isSingle = direct.summary.frames == 1
      let openings: [() throws -> any FrameSource] = [
        { try FormatList.open(path: path) }, { try reader.open(path: path) },
      ]
      var clock: [Double] = []
      var processor: [Double] = []
      for index in 0..<(isSingle ? 40 * rounds : min(direct.summary.frames, 40 * rounds)) {
        var marks: [(clock: Double, processor: Double)] = []
        for open in openings {
          let known = marks.isEmpty ? direct : isolated
          let start = (now(), processorTime(reader))
          _ = try (isSingle ? try open() : known).frame(at: isSingle ? 0 : index)
          marks.append((now() - start.0, processorTime(reader) - start.1))
        }
        clock.append(marks[1].clock - marks[0].clock)
        processor.append(marks[1].processor - marks[0].processor)
      }
      let what = isSingle ? "file" : "frame"
      report("\(name) worker overhead", median(clock) * 1e6, "µs/\(what)")
      report("\(name) worker overhead, processor", median(processor) * 1e6, "µs/\(what)")
    } catch {
      report("\(name) worker overhead", error)
    }
  }

  /// Of this process and of the worker.
  private static func processorTime(_ reader: WorkerReader) -> Double {
    var sum = processorSeconds()
    var clock: clockid_t = 0
    if let worker = reader.processID, clock_getcpuclockid(worker, &clock) == 0 { sum += time(clock) }
    return sum
  }

  private static func readAll(_ source: any FrameSource) throws(FileRefusal) -> (frames: Int, bytes: Int) {
    var bytes = 0
    for index in 0..<source.summary.frames { bytes += try source.frame(at: index).pixels.byteCount }
    return (source.summary.frames, bytes)
  }

  private static func report(_ name: String, _ value: Double, _ unit: String) {
    print(Measurement(name, (value * 10).rounded() / 10, unit).line("formats"))
  }

  private static func report(_ name: String, _ error: any Error) {
    var json = JSONWriter()
    json.object { json in
      json.member("suite", "formats")
      json.member("case", name)
      json.member("error", "\(error)")
    }
    print(json.text)
  }

  private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  private static func now() -> Double { seconds() }

  private static func time(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
