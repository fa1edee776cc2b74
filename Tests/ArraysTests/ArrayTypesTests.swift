import Arrays
import Testing

@Test func chunksCoverEveryIndexOnceWhateverTheirSize() {
  for (count, size) in [(1, nil), (63, nil), (1000, nil), (1000, 7), (5, 100)] as [(Int, Int?)] {
    let chunks = parallelChunkMap(count, size: size) { Array($0) }
    #expect(chunks.flatMap { $0 } == Array(0..<count))
  }
  #expect(parallelMap(0) { $0 }.isEmpty)
}

@Test func parallelRowsFillTheWholeMatrix() {
  var matrix = Matrix(rows: 37, columns: 5)
  matrix.parallelRows(size: 4) { rows, storage in
    for (offset, row) in rows.enumerated() {
      for c in 0..<5 { storage[offset * 5 + c] = Float(row * 5 + c) }
    }
  }
  #expect(matrix.values == (0..<185).map(Float.init))
}

@Test func transposingTwiceReturnsTheMatrix() {
  let matrix = Matrix(rows: 21, columns: 34, values: (0..<714).map(Float.init))
  #expect(matrix.transposed()[33, 20] == matrix[20, 33])
  #expect(matrix.transposed().transposed() == matrix)
  #expect(matrix.selectingRows([2, 0]).row(0).elementsEqual(matrix.row(2)))
}

@Test func tensorIndexRunsFastestInTheLastDimension() {
  let tensor = Tensor(shape: [2, 3, 4], values: (0..<24).map(Float.init))
  #expect(tensor[1, 2, 3] == 23)
  #expect(tensor.strides == [12, 4, 1])
  #expect(tensor.item(1).reshaped([12]).values.first == 12)
  #expect(tensor.item(0).matrix[2, 1] == 9)
}
