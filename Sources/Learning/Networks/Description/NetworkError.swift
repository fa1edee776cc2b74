/// What can go wrong with a network: every case says where.
package enum NetworkError: Error, Sendable, Equatable {
  /// The description does not make sense.
  case description(node: String, reason: String)
  /// A parameter is missing, superfluous or of another size.
  case parameter(name: String, reason: String)
  /// Input or target data do not fit the network.
  case data(name: String, reason: String)
  /// The library refused a call.
  case library(call: String, status: Int, context: String)
  /// A file could not be read, written or understood.
  case file(path: String, reason: String)
  /// A model from elsewhere that cannot be taken over.
  case model(reason: String)
}

extension NetworkError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .description(let node, let reason): "network node \(node): \(reason)"
    case .parameter(let name, let reason): "network parameter \(name): \(reason)"
    case .data(let name, let reason): "network data \(name): \(reason)"
    case .library(let call, let status, let context): "\(call) answered \(status) (\(context))"
    case .file(let path, let reason): "\(path): \(reason)"
    case .model(let reason): "model: \(reason)"
    }
  }
}
