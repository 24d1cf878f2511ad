// What happens to a layer's units between two GEMMs: one kernel each, a column a thread, a Pack of units at a
// time. All matrices of a layer have the same leading dimension, a whole number of Packs; the rows beyond the
// layer's units hold numbers that nobody reads.
#pragma once

#include "networks/Activations.hpp"
#include "weir/base/Types.hpp"

namespace weir {
namespace passes {

template <class T>
using Number = std::conditional_t<kernels_on_host, Pack<T>, T>;
template <class T>
constexpr Index lanes = Index(sizeof(Number<T>) / sizeof(T));

template <class N>
struct Access {  // single numbers
  static KOKKOS_FORCEINLINE_FUNCTION N load(const N* from) { return *from; }
  static KOKKOS_FORCEINLINE_FUNCTION void store(N value, N* to) { *to = value; }
  static KOKKOS_FORCEINLINE_FUNCTION N total(N value) { return value; }
};
template <class T>
struct Access<Pack<T>> {
  static Pack<T> load(const T* from) { return Pack<T>::load(from); }
  static void store(Pack<T> value, T* to) { value.store(to); }
  static T total(Pack<T> value) {
    T sum = 0;
    for (int lane = 0; lane < pack_width<T>; ++lane) sum += value.native[lane];
    return sum;
  }
};
template <class T>
KOKKOS_FORCEINLINE_FUNCTION Number<T> load(const T* from) {
  return Access<Number<T>>::load(from);
}
template <class T>
KOKKOS_FORCEINLINE_FUNCTION void store(Number<T> value, T* to) {
  Access<Number<T>>::store(value, to);
}
template <class T>
KOKKOS_FORCEINLINE_FUNCTION T total(Number<T> value) {
  return Access<Number<T>>::total(value);
}

template <class Body>
void for_columns(const char* label, Index columns, Body body) {
  Kokkos::parallel_for(label, Range(0, columns), body);
}

/// What the passes touch of a layer's matrices: see MlpTape::Layer.
template <class T>
struct Units {
  Index rows, padded;  // units, and those that fill Packs
  T *h, *slope, *curvature, *g, *delta, *tangent, *seed, *normal, *normal_tangent, *extra, *scales;
  const T* vectors;
  bool normalised;

  KOKKOS_INLINE_FUNCTION const T* bias() const { return vectors; }
  KOKKOS_INLINE_FUNCTION const T* gain() const { return vectors + padded; }
  KOKKOS_INLINE_FUNCTION const T* shift() const { return vectors + 2 * padded; }
  KOKKOS_INLINE_FUNCTION const T* mask() const { return vectors + 3 * padded; }
  KOKKOS_INLINE_FUNCTION T& deviation_inverse(Index column) const { return scales[2 * column]; }
  KOKKOS_INLINE_FUNCTION T& tangent_sum(Index column) const { return scales[2 * column + 1]; }
};

/// normal = normal(z + bias) of a column, and 1 / deviation.
template <class T>
KOKKOS_INLINE_FUNCTION void normalise(const Units<T>& units, const T* z, Index column) {
  using N = Number<T>;
  constexpr Index width = lanes<T>;
  const T* mask = units.mask();
  T* normal = units.normal + column * units.padded;
  const T share = T(1) / T(units.rows);
  N sum(T(0)), squares(T(0));
  for (Index i = 0; i < units.padded; i += width) {
    const N shifted = (load(z + i) + load(units.bias() + i)) * load(mask + i);
    store(shifted, normal + i);
    sum = sum + shifted;
  }
  const N mean(total<T>(sum) * share);
  for (Index i = 0; i < units.padded; i += width) {
    const N centred = (load(normal + i) - mean) * load(mask + i);
    store(centred, normal + i);
    squares = squares + centred * centred;
  }
  const T inverse = T(1) / square_root(total<T>(squares) * share + T(1e-5));
  for (Index i = 0; i < units.padded; i += width) store(load(normal + i) * N(inverse), normal + i);
  units.deviation_inverse(column) = inverse;
}

/// The derivative of the normalisation, which is symmetric: P v = (v - mean v - normal mean(normal v)) /
/// deviation.
template <class T>
struct Projection {
  Number<T> mean, along, inverse;
  KOKKOS_FORCEINLINE_FUNCTION Number<T> operator()(Number<T> v, Number<T> normal) const {
    return inverse * (v - mean - normal * along);
  }
};
template <class T, class Entry>
KOKKOS_INLINE_FUNCTION Projection<T> projection(const Units<T>& units, Index column, Entry v) {
  using N = Number<T>;
  const T* normal = units.normal + column * units.padded;
  const T share = T(1) / T(units.rows);
  N sum(T(0)), along(T(0));
  for (Index i = 0; i < units.padded; i += lanes<T>) {
    const N entry = v(i) * load(units.mask() + i);
    sum = sum + entry;
    along = along + entry * load(normal + i);
  }
  return {N(total<T>(sum) * share), N(total<T>(along) * share), N(units.deviation_inverse(column))};
}

/// h = phi(n) [+ before] and what order of derivatives is asked for (0, 1, 2), from z.
template <int order, class Activation, class T>
void activate(Activation, const Units<T>& units, const T* z, const T* before, Index columns) {
  const Units<T> u = units;
  for_columns(
      "Weir::Mlp::activate", columns, KOKKOS_LAMBDA(Index column) {
        using N = Number<T>;
        const Index start = column * u.padded;
        if (u.normalised) normalise(u, z + start, column);
        for (Index i = 0; i < u.padded; i += lanes<T>) {
          const Index at = start + i;
          const N n = u.normalised ? load(u.gain() + i) * load(u.normal + at) + load(u.shift() + i)
                                   : load(z + at) + load(u.bias() + i);
          const auto jet = Activation::jet(n);
          store(before ? jet.value + load(before + at) : jet.value, u.h + at);
          if (order > 0) store(jet.slope, u.slope + at);
          if (order > 1) store(jet.curvature, u.curvature + at);
        }
      });
}

/// delta, the adjoint of z, from g, that of h; with layer_norm also what gain and shift get, column by
/// column: gain_part and shift_part, where they are wanted.
template <class T>
void adjoint_of_sums(const Units<T>& units, T* gain_part, T* shift_part, Index columns) {
  const Units<T> u = units;
  for_columns(
      "Weir::Mlp::adjoint_of_sums", columns, KOKKOS_LAMBDA(Index column) {
        using N = Number<T>;
        const Index start = column * u.padded;
        if (!u.normalised) {
          for (Index i = start; i < start + u.padded; i += lanes<T>)
            store(load(u.slope + i) * load(u.g + i), u.delta + i);
          return;
        }
        const auto weighted = [&](Index i) {
          return load(u.gain() + i) * load(u.slope + start + i) * load(u.g + start + i);
        };
        const auto project = projection<T>(u, column, weighted);
        for (Index i = 0; i < u.padded; i += lanes<T>) {
          const Index at = start + i;
          const N normal = load(u.normal + at), inner = load(u.slope + at) * load(u.g + at);
          if (gain_part) store(inner * normal, gain_part + at);
          if (shift_part) store(inner, shift_part + at);
          store(project(weighted(i), normal), u.delta + at);
        }
      });
}

/// tangent of h from that of z [+ that of the layer before]; where `seeds` is true also what the reverse pass
/// of the tangent starts from: seed = phi'' n_dot g, and with layer_norm the direct adjoint of normal(z)
/// (extra) and the sum after that of the deviation.
template <class T>
void push_tangent(const Units<T>& units, const T* z_dot, const T* before, bool seeds, Index columns) {
  const Units<T> u = units;
  for_columns(
      "Weir::Mlp::push_tangent", columns, KOKKOS_LAMBDA(Index column) {
        using N = Number<T>;
        const Index start = column * u.padded;
        if (!u.normalised) {
          for (Index at = start; at < start + u.padded; at += lanes<T>) {
            const N dot = load(z_dot + at), moved = load(u.slope + at) * dot;
            store(before ? moved + load(before + at) : moved, u.tangent + at);
            if (seeds) store(load(u.curvature + at) * dot * load(u.g + at), u.seed + at);
          }
          return;
        }
        const auto project = projection<T>(u, column, [&](Index i) { return load(z_dot + start + i); });
        N along(T(0)), with_tangent(T(0));  // sums of q normal and q w, q = gain phi' g, w = P z_dot
        for (Index i = 0; i < u.padded; i += lanes<T>) {
          const Index at = start + i;
          const N normal = load(u.normal + at), w = project(load(z_dot + at), normal);
          const N n_dot = load(u.gain() + i) * w, moved = load(u.slope + at) * n_dot;
          store(before ? moved + load(before + at) : moved, u.tangent + at);
          if (!seeds) continue;
          const N g = load(u.g + at), q = load(u.gain() + i) * load(u.slope + at) * g * load(u.mask() + i);
          store(w, u.normal_tangent + at);
          store(load(u.curvature + at) * n_dot * g, u.seed + at);
          along = along + q * normal;
          with_tangent = with_tangent + q * w;
        }
        if (!seeds) return;
        const N mean_along(total<T>(along) / T(u.rows));
        for (Index i = 0; i < u.padded; i += lanes<T>) {
          const Index at = start + i;
          const N q = load(u.gain() + i) * load(u.slope + at) * load(u.g + at);
          store(-project.inverse * (q * project.along + load(z_dot + at) * mean_along), u.extra + at);
        }
        u.tangent_sum(column) = total<T>(with_tangent) / T(u.rows);
      });
}

/// seed becomes the adjoint of z in the reverse pass of the tangent, given p, that of h (null: zero); with
/// layer_norm also gain_part and shift_part.
template <class T>
void pull_tangent(const Units<T>& units, const T* p, T* gain_part, T* shift_part, Index columns) {
  const Units<T> u = units;
  if (!u.normalised && !p) return;
  for_columns(
      "Weir::Mlp::pull_tangent", columns, KOKKOS_LAMBDA(Index column) {
        using N = Number<T>;
        const Index start = column * u.padded;
        for (Index at = start; p && at < start + u.padded; at += lanes<T>)
          store(load(u.seed + at) + load(u.slope + at) * load(p + at), u.seed + at);
        if (!u.normalised) return;
        const auto weighted = [&](Index i) {
          return load(u.extra + start + i) + load(u.gain() + i) * load(u.seed + start + i);
        };
        const auto project = projection<T>(u, column, weighted);
        const N by_deviation = project.inverse * N(u.tangent_sum(column));
        for (Index i = 0; i < u.padded; i += lanes<T>) {
          const Index at = start + i;
          const N normal = load(u.normal + at), seed = load(u.seed + at);
          const N direct = load(u.slope + at) * load(u.g + at) * load(u.normal_tangent + at);
          if (gain_part) store(direct + seed * normal, gain_part + at);
          if (shift_part) store(seed, shift_part + at);
          store(project(weighted(i), normal) - by_deviation * normal, u.seed + at);
        }
      });
}

}  // namespace passes
}  // namespace weir
