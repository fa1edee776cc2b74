import JSON

extension Network {
  var json: JSONValue {
    let nodes = nodes.map { node in
      guard case .object(var members) = node.layer.json else { return JSONValue.null }
      members["name"] = .text(node.name)
      members["inputs"] = .integers(node.inputs)
      return .object(members)
    }
    let outputs = outputs.map { output in
      JSONValue.object(["name": .text(output.name), "node": .integer(output.value.node)])
    }
    return .object(["nodes": .list(nodes), "outputs": .list(outputs)])
  }

  /// Throws where the description is not understood or does not hold together.
  init(json: JSONValue?) throws(NetworkError) {
    self.init()
    guard let nodes = json?["nodes"]?.items, let outputs = json?["outputs"]?.items else {
      throw .description(node: "", reason: "no nodes or no outputs")
    }
    for (index, item) in nodes.enumerated() {
      let name = item["name"]?.string ?? "\(index)"
      guard let layer = Layer(json: item), let inputs = item["inputs"]?.ints else {
        throw .description(node: name, reason: "is not understood")
      }
      self.nodes.append(Node(name: name, layer: layer, inputs: inputs))
    }
    for item in outputs {
      guard let name = item["name"]?.string, let node = item["node"]?.int,
        self.nodes.indices.contains(node)
      else { throw .description(node: "", reason: "an output is not understood") }
      self.outputs.append(Output(name: name, value: Value(node: node)))
    }
    _ = try shapes()
  }
}
