import LiveSession
import Testing

private func job(_ file: Int, _ kind: Job.Kind = .first, isOld: Bool = false) -> Job {
  Job(fileID: file, path: "f\(file)", kind: kind, readyAt: 0, isOld: isOld)
}

private let second = 1_000_000_000

extension JobQueue {
  /// The numbers of the files in the order in which they are taken.
  fileprivate mutating func drain(at now: Int = 0, isRefining: Bool = false) -> [Int] {
    var files: [Int] = []
    while let job = next(at: now, isRefining: isRefining, wanted: { _ in true }) { files.append(job.fileID) }
    return files
  }
}

@Test func liveFramesAndWhatIsAskedForTakeTurnsThenOldFilesThenRefinements() {
  var queue = JobQueue(rush: 4)
  for file in [1, 2] { queue.add(job(file, isOld: true)) }
  for file in [3, 4] { queue.add(job(file, .rerun(engine: "fake", settings: [:]))) }
  for file in [5, 6] { queue.add(job(file, .refinement(engine: "fake"))) }
  for file in [7, 8] { queue.add(job(file)) }
  #expect(queue.count == 6 && queue.hasRefinements)
  #expect(queue.drain() == [8, 3, 7, 4, 2, 1, 6, 5])
  #expect(queue.isEmpty)
}

@Test func moreLiveFramesThanCanBeAnalysedDoNotStarveWhatIsAskedFor() {
  var queue = JobQueue(rush: 4)
  queue.add(job(1000, .rerun(engine: "fake", settings: [:])))
  var taken: [Int] = []
  for file in 1...10 {
    for copy in [0, 100] { queue.add(job(file + copy)) }
    taken += [queue.next(at: 0, isRefining: false) { _ in true }?.fileID].compactMap { $0 }
  }
  #expect(taken.prefix(3) == [101, 1000, 103])
}

@Test func whatIsAskedForKeepsItsOrderWhileMoreIsAskedFor() {
  var queue = JobQueue(rush: 4)
  var taken: [Int] = []
  for file in 1...100 {
    queue.add(job(file, .rerun(engine: "fake", settings: [:])))
    if file.isMultiple(of: 3) {
      taken += [queue.next(at: 0, isRefining: false) { _ in true }?.fileID].compactMap { $0 }
    }
  }
  #expect(taken + queue.drain() == Array(1...100))
}

@Test func refinementsWaitForQuietAndForEachOther() {
  var queue = JobQueue(rush: 2)
  queue.add(job(1, .refinement(engine: "fake")))
  #expect(queue.drain(isRefining: true).isEmpty)
  for moment in [10, 20] { queue.noteArrival(at: moment) }
  #expect(queue.isRushed(at: 30) && queue.drain(at: 30).isEmpty)
  // They are what stands between the queue and its end, and no one waits for them.
  #expect(!queue.isEmpty && queue.count == 0)
  #expect(!queue.isRushed(at: 10 + second) && queue.drain(at: 10 + second) == [1])
}

@Test func oneThatWaitsTooLongMakesHurryHoweverFewCome() {
  var queue = JobQueue(rush: 4)
  queue.add(job(1))
  queue.add(job(2, .refinement(engine: "fake")))
  #expect(!queue.isRushed(at: 2 * second) && queue.isRushed(at: 2 * second + 1))
  #expect(queue.hurries(job(3), at: 3 * second) && !queue.hurries(job(3), at: second))
  // Nobody waits for old files and for what is asked for in the same way.
  var quiet = JobQueue(rush: 4)
  quiet.add(job(1, isOld: true))
  #expect(!quiet.isRushed(at: 9 * second) && !quiet.hurries(job(1, isOld: true), at: 9 * second))
  #expect(!quiet.hurries(job(1, .rerun(engine: "fake", settings: [:])), at: 9 * second))
  #expect(queue.next(at: 0, isRefining: false) { _ in true }?.fileID == 1)
  #expect(queue.drain(at: 9 * second) == [2])
}

@Test func aRefinementThatIsNoLongerWantedIsForgotten() {
  var queue = JobQueue(rush: 2)
  for file in 1...3 { queue.add(job(file, .refinement(engine: "fake"))) }
  #expect(queue.next(at: 0, isRefining: false) { $0.fileID == 2 }?.fileID == 2)
  #expect(queue.drain() == [1])
}

@Test func arrivalsCountForAsLongAsTheirWindow() {
  var rate = ArrivalRate(over: .seconds(10))
  #expect(rate.count(at: 0) == 0 && rate.perSecond(at: 0) == 0)
  for moment in 1...30 { rate.note(at: moment * second) }
  #expect(rate.count(at: 30 * second) == 10 && rate.perSecond(at: 30 * second) == 1)
  #expect(rate.count(at: 35 * second) == 5)
  #expect(rate.count(at: 40 * second) == 0)
}

@Test func manyArrivalsAtOneMomentAllCount() {
  var rate = ArrivalRate(over: .seconds(1))
  for _ in 0..<1000 { rate.note(at: 5) }
  #expect(rate.count(at: second) == 1000 && rate.count(at: 5 + second) == 0)
}
