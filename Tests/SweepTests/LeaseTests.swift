import Glibc
import System
import Testing

import Sweep

private func at(_ seconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: seconds * 1_000_000_000) }

@Suite struct LeaseTests {
  @Test func aLeaseLapsesWhenItHasNotChangedForItsTerm() {
    var watch = LeaseWatch()
    var lease = Lease(epoch: 1, owner: owner("a"), term: 60)
    #expect(watch.look(nil, at: at(0)) == .free)
    // Whatever it says of its age: only what is seen here counts.
    #expect(watch.look(lease, at: at(100)) == .held)
    #expect(watch.look(lease, at: at(159)) == .held)
    lease.beat += 1
    #expect(watch.look(lease, at: at(161)) == .held)
    #expect(watch.look(lease, at: at(220)) == .held)
    #expect(watch.look(lease, at: at(221)) == .lapsed)
    // Somebody else has taken it meanwhile: it is watched anew.
    lease = Lease(epoch: 2, owner: owner("b"), term: 60)
    #expect(watch.look(lease, at: at(222)) == .held)
    lease.isReleased = true
    #expect(watch.look(lease, at: at(222)) == .free)
  }

  @Test func whoIsSeenDeadNeedNotBeWaitedFor() {
    var watch = LeaseWatch()
    let lease = Lease(epoch: 1, owner: owner("a"), term: 60)
    #expect(watch.look(lease, at: at(0), isDead: { $0.nonce == "a" }) == .lapsed)
    #expect(watch.look(lease, at: at(0), isDead: { _ in false }) == .held)
  }

  @Test func oneOfManyGetsIt() throws {
    let scratch = try Scratch()
    let book = LeaseBook(folder: scratch.path)
    let first = try #require(try book.take(1, for: owner("a"), term: 60))
    #expect(try book.take(1, for: owner("b"), term: 60) == nil)
    // The same again, as when the answer was lost on its way.
    #expect(try book.take(1, for: owner("a"), term: 60) != nil)
    #expect(book.isHeld(first) && book.latest() == first)
  }

  @Test func whoHasSleptThroughHisTermLeaves() throws {
    let scratch = try Scratch()
    let book = LeaseBook(folder: scratch.path)
    var first = try #require(try book.take(1, for: owner("a"), term: 60))
    #expect(try book.beat(&first) && book.latest()?.beat == 1)
    var second = try #require(try book.take(2, for: owner("b"), term: 60))
    #expect(try !book.beat(&first))
    try book.release(&first)
    #expect(book.lease(1)?.isReleased == false)
    #expect(try book.beat(&second) && book.latest()?.owner == owner("b"))
    try book.release(&second)
    #expect(book.latest()?.isReleased == true && book.epochs == [1, 2])
  }

  @Test func aDamagedLeaseIsSomebodys() throws {
    let scratch = try Scratch()
    try scratch.write("{\"owner\":{", to: "lease-3")
    try scratch.write("", to: "lease-x")
    let book = LeaseBook(folder: scratch.path)
    let lease = try #require(book.latest())
    #expect(lease.epoch == 3 && lease.owner.nonce == "unknown" && !lease.isReleased && lease.term == 90)
    #expect(try book.take(4, for: owner("a"), term: 60) != nil)
  }

  @Test func aLeaseIsReadAsItWasWritten() {
    let lease = Lease(epoch: 4, owner: owner("a", job: "12_3"), beat: 9, term: 33, isReleased: true)
    #expect(Lease(epoch: 4, lease.json.bytes) == lease)
    #expect(Lease(epoch: 1, Array(#"{"term_s":-5,"beat":1e300}"#.utf8)).term == 1)
  }

  /// A process is dead only where its number means the same here, and another that has the number is another.
  @Test func theDeadAreKnown() {
    var mine = ThisProcess.owner()
    #expect(!ThisProcess.isDead(mine) && !mine.begun.isEmpty)
    mine.begun += "1"
    #expect(ThisProcess.isDead(mine))
    mine.space = "another machine"
    #expect(!ThisProcess.isDead(mine))
    #expect(ThisProcess.job("12", "3") == "12_3" && ThisProcess.job(nil, "3") == nil)
  }
}
