import System
import Imaging
import Testing

@Test(arguments: [(5, 7), (1, 1), (24, 30), (8, 8)])
func templateCorrelationIsPearsonsOfEveryWindow(rows: Int, columns: Int) {
  var numbers = RandomNumbers(seed: 14)
  // A large offset would eat the digits of naive sums.
  let image = Image(rows: 24, columns: 30, values: (0..<720).map { _ in Float(1000 + numbers.normal()) })
  let template = Image(
    rows: rows, columns: columns, values: (0..<rows * columns).map { _ in Float(numbers.normal()) })
  let map = image.match(template: template)
  #expect(map.rows == 25 - rows && map.columns == 31 - columns)
  for r in 0..<map.rows {
    for c in 0..<map.columns {
      var window = Image(rows: rows, columns: columns)
      for y in 0..<rows { for x in 0..<columns { window[y, x] = image[r + y, c + x] } }
      let expected = rows * columns == 1 ? 0 : window.correlation(with: template)
      #expect(abs(Double(map[r, c]) - expected) < 1e-3)
    }
  }
}

@Test func aTemplateIsFoundWhereItWasCutOut() {
  var numbers = RandomNumbers(seed: 15)
  let image = Image(rows: 40, columns: 50, values: (0..<2000).map { _ in Float(numbers.uniform()) })
  var template = Image(rows: 9, columns: 11)
  for y in 0..<9 { for x in 0..<11 { template[y, x] = 3 * image[17 + y, 25 + x] + 2 } }
  let map = image.match(template: template)
  #expect(abs(map[17, 25] - 1) < 1e-4)
  #expect(map.localMaxima(threshold: 0.9) == [GridPoint(y: 17, x: 25)])
}

@Test func constantWindowsAndTemplatesMatchNothing() {
  var image = Image(rows: 20, columns: 20, repeating: 5)
  image[15, 15] = 9
  let map = image.match(template: Image(rows: 3, columns: 3, values: [0, 0, 0, 0, 1, 0, 0, 0, 0]))
  #expect(map[2, 2] == 0)
  #expect(abs(map[14, 14] - 1) < 1e-4)
  #expect(image.match(template: Image(rows: 3, columns: 3, repeating: 2)).values.allSatisfy { $0 == 0 })
}
