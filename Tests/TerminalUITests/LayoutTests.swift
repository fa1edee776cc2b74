import Testing
import TerminalUI

@Suite struct LayoutTests {
  @Test func fixedLengthsAreKeptAndTheRestIsSharedByWeight() {
    let screen = Rect(x: 0, y: 0, width: 80, height: 24)
    let rows = screen.rows([.fixed(1), .weight(2), .weight(1), .fixed(1)])
    #expect(rows.map(\.height) == [1, 14, 8, 1])
    #expect(rows.map(\.y) == [0, 1, 15, 23])
    let columns = screen.columns([.minimum(30), .minimum(10)], gap: 1)
    #expect(columns.map(\.width) == [49, 30])
    #expect(columns[1].right == 80)
  }

  @Test func theFirstAreServedFirstWhereThereIsTooLittleRoom() {
    let rows = Rect(x: 0, y: 0, width: 5, height: 3).rows([.fixed(2), .fixed(2), .fixed(2)])
    #expect(rows.map(\.height) == [2, 1, 0])
  }

  @Test func splitsGiveThePartAndTheRest() {
    let rect = Rect(x: 2, y: 3, width: 10, height: 6)
    #expect(rect.splitTop(2).0 == Rect(x: 2, y: 3, width: 10, height: 2))
    #expect(rect.splitBottom(2).0 == Rect(x: 2, y: 7, width: 10, height: 2))
    #expect(rect.splitLeft(3).1 == Rect(x: 5, y: 3, width: 7, height: 6))
    #expect(rect.splitRight(30).0 == rect)
  }

  @Test(arguments: 0..<60) func noCellIsLostToRounding(_ width: Int) {
    let parts = Rect(x: 0, y: 0, width: width, height: 1).columns([.weight(3), .weight(5), .weight(7)])
    #expect(parts.reduce(0) { $0 + $1.width } == width)
  }
}
