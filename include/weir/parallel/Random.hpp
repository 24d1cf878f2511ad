// Counter-based randomness: a draw is a pure function of who draws, when, and for what.
//
//     bits = Philox4x32-10(key(seed, stage, stream), counter(particle, tick, draw))
//
// No generator has a state, so there is nothing to checkpoint and nothing depends on ranks.
// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11; library Random123.
#pragma once

#include <Random123/philox.h>

#include "weir/base/Types.hpp"
#include "weir/base/VectorMath.hpp"
#include "weir/parallel/Streams.hpp"

namespace weir {

/// One stream of random numbers, addressed by (particle id < 2^40, tick < 2^64, draw < 2^24).
class Random {
 public:
  Random(Index seed, Stream stream, int stage = 0) {
    r123::Philox4x32::ctr_type counter{{std::uint32_t(stream), std::uint32_t(stage), 0, 0}};
    r123::Philox4x32::key_type key{{std::uint32_t(seed), std::uint32_t(std::uint64_t(seed) >> 32)}};
    const auto mixed = r123::Philox4x32()(counter, key);
    key_ = {{mixed[0], mixed[1]}};
  }

  KOKKOS_FORCEINLINE_FUNCTION r123::Philox4x32::ctr_type bits(Index id, Index tick, Index draw) const {
    const r123::Philox4x32::ctr_type counter{
        {std::uint32_t(id), std::uint32_t(std::uint64_t(id) >> 32 & 0xff) | std::uint32_t(draw) << 8,
         std::uint32_t(tick), std::uint32_t(std::uint64_t(tick) >> 32)}};
    return r123::Philox4x32()(counter, key_);
  }

  /// Uniform in (0, 1), 53 bits.
  KOKKOS_FORCEINLINE_FUNCTION Real uniform(Index id, Index tick, Index draw) const {
    const auto b = bits(id, tick, draw);
    return unit(b[0], b[1]);
  }

  /// Two independent standard normals (Box and Muller), of 53-bit uniforms.
  KOKKOS_FORCEINLINE_FUNCTION void normals(Index id, Index tick, Index draw, Real& first,
                                           Real& second) const {
    const auto b = bits(id, tick, draw);
    const Real radius = sqrt(-2 * fast_log(unit(b[0], b[1])));
    Real sine, cosine;
    fast_sincos_turns(unit(b[2], b[3]), sine, cosine);
    first = radius * cosine;
    second = radius * sine;
  }

  /// One normal: component c of the vector that (id, tick) draws; the same number as fill_normals gives in
  /// double.
  KOKKOS_FORCEINLINE_FUNCTION Real normal(Index id, Index tick, Index component) const {
    Real first, second;
    normals(id, tick, component / 2, first, second);
    return component % 2 ? second : first;
  }

  static KOKKOS_FORCEINLINE_FUNCTION Real unit(std::uint32_t high, std::uint32_t low) {
    const std::int64_t word = std::int64_t((std::uint64_t(high) << 32 | low) >> 12);
    return (Real(word) + 0.5) * 0x1p-52;
  }

 private:
  r123::Philox4x32::key_type key_;
};

/// Standard normals for every component of `count` particles with consecutive ids: noise(c, i) belongs to
/// component c of particle first_id + i at `tick`. In double each pair of components takes one draw, in
/// single each four take one (of 32-bit uniforms: radii up to 6.7). Runs where `noise` lives.
void fill_normals(const MatrixRef<double>& noise, const Random& random, Index first_id, Index tick);
void fill_normals(const MatrixRef<float>& noise, const Random& random, Index first_id, Index tick);

}  // namespace weir
