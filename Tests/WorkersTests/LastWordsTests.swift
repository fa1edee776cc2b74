import Testing
import Workers

/// What is made of a dying worker's report.
@Suite struct LastWordsTests {
  @Test func `A trap is told with its failure, its function and its line`() {
    let words = LastWords(
      """

      *** Signal 4: Backtracing from 0x5587fbbb05e8... done ***

      *** Swift runtime failure: Range requires lowerBound <= upperBound ***

      Platform: x86_64 Linux (Debian GNU/Linux 12 (bookworm))

      Thread 0 "exe" crashed:

        0 [inlined] [system]      0x00005587fbbb05e8 Swift runtime failure: Range requires in ewald at //<compiler-generated>
        1                         0x00005587fbbb05e8 DiscFit.explained(_:middle:radius:) + 2344 in ewald at /a/b/Sources/CBLEED/Reading/DiscFit.swift:142:45
        2 [ra] [inlined]          0x00005587fbbaf36a specialized Collection.map<A, B>(_:) in ewald at /a/DiscFit.swift:131:18
      """)
    #expect(
      words.cause
        == "Range requires lowerBound <= upperBound, in DiscFit.explained(_:middle:radius:), DiscFit.swift:142"
    )
  }

  @Test func `Want of memory is told as such, whoever complains`() {
    for text in [
      "Fatal error: failed to allocate 8388640 bytes of memory with alignment 8",
      "terminate called after throwing an instance of 'std::bad_alloc'",
    ] {
      #expect(LastWords(text).cause == "it needs more memory than it may have")
    }
  }

  @Test func `Silence has no cause`() {
    #expect(LastWords("").cause == nil)
    #expect(LastWords("a library's chatter\nin at 0x\n 0 in at").cause == nil)
  }
}
