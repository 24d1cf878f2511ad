// A network that says where a bridge expects to end, and what it learns that from.
//
//     E[Z_1 | Z_t = z] - z = gain F(in (z - m), e_1, e_2, e_3) + keep (z - m)
//
// blurred (a start q_sigma): with s = sigma sqrt(1-t) and the data's deviation a,
//     in = 1 / (a^2 + s^2)^1/2,  gain = a s in,  keep = -s^2 in^2,  e = (l, sin 2l, cos 2l), l = log(s/a) / 2
//   learned from y + s xi, s log-uniform in [a/100, sigma]: F regresses ((y - z) - keep (z - m)) / gain.
// paired (from an ensemble): with eps = sigma^2, the places' deviation a, the pairs' mean distance b,
//     in = 1 / a,  gain = ((1-t)^2 b^2 + eps t (1-t) + b^2 / 10^4)^1/2,  keep = 0,  e = (t, log(1.001 - t),
//     (1-t)^1/2)
//   learned from (1-t) x + t y + (eps t (1-t))^1/2 xi, t uniform in [0, .999].
//
// Source of the first: Karras, Aittala, Aila, Laine, "Elucidating the design space of diffusion-based
// generative models", NeurIPS 2022.
#pragma once

#include <vector>

#include "methods/schroedinger_bridge/drifts/BridgeDrift.hpp"
#include "weir/base/Hdf5File.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/networks/Mlp.hpp"
#include "weir/networks/NetworkFile.hpp"

namespace weir {

constexpr Index endpoint_time_inputs = 3;

struct EndpointScaling {
  Real in, gain, keep, time[endpoint_time_inputs];
};

/// How the network is wrapped: the same numbers in training and use.
struct EndpointForm {
  bool paired = false;
  Real sigma = 1, deviation = 1, distance = 1;
  std::vector<Real> middle;  ///< m

  /// rest = 1 - t.
  static KOKKOS_INLINE_FUNCTION EndpointScaling scaling(bool paired, Real sigma, Real deviation,
                                                        Real distance, Real rest) {
    EndpointScaling s{};
    if (paired) {
      const Real t = 1 - rest;
      s.in = 1 / deviation;
      s.gain =
          sqrt(rest * rest * distance * distance + sigma * sigma * t * rest + 1e-4 * distance * distance);
      s.time[0] = t;
      s.time[1] = log(rest + 1e-3);
      s.time[2] = sqrt(rest);
    } else {
      const Real blur = sigma * sqrt(rest);
      s.in = 1 / sqrt(deviation * deviation + blur * blur);
      s.gain = deviation * blur * s.in;
      s.keep = -blur * blur * s.in * s.in;
      s.time[0] = 0.5 * log(blur / deviation);
      s.time[1] = sin(2 * s.time[0]);
      s.time[2] = cos(2 * s.time[0]);
    }
    return s;
  }
  EndpointScaling at(Real rest) const { return scaling(paired, sigma, deviation, distance, rest); }
};

struct EndpointNetwork {
  EndpointForm form;
  StoredNetwork network;

  /// Collective.
  void save(Hdf5File& file, const std::string& group) const;
  static EndpointNetwork read(const Hdf5File& file, const std::string& group, const std::string& where);
};

/// Collective. In the precision T.
template <class T>
class NetworkDrift : public BridgeDrift {
 public:
  NetworkDrift(const EndpointNetwork& network, const Partition& particles);
  void displacement(Real t, const MatrixRef<const Real>& z, const MatrixRef<Real>& to_end) override;

  // A kernel, which nvcc takes in public functions only.
  void visit(const Tile& tile, const EndpointScaling& scaling, const MatrixRef<const Real>& z,
             const MatrixRef<Real>& to_end);

 private:
  EndpointForm form_;
  LocalTiles tiles_;
  Mlp<T> network_;
  MlpTape<T> tape_;
  Vector<T> theta_;
  Vector<Real> middle_;
  Matrix<T> in_, out_;
};

std::unique_ptr<BridgeDrift> make_network_drift(const EndpointNetwork& network, const Partition& particles,
                                                bool single);

}  // namespace weir
