// A few numbers treated as one: the processor's vector registers, so that a kernel written for one number
// runs on many particles at once.
//
// A kernel is a template over its number type N and uses + - * /, `select`, `less_than`, `largest`,
// `fast_exp`, ..: the same source serves N = float, double (devices, remainders) and Pack<float>,
// Pack<double> (hosts).
#pragma once

#include <Kokkos_Core.hpp>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

namespace weir {

namespace detail {

constexpr int pack_bytes = 64;  // an AVX-512 register; processors with shorter ones take two or four

// Spelt out for each type: compilers disagree on vector attributes that depend on template parameters.
template <class T>
struct Registers;
template <>
struct Registers<float> {
  typedef float Native __attribute__((vector_size(pack_bytes)));
  typedef std::int32_t Int;
  typedef std::int32_t IntLanes __attribute__((vector_size(pack_bytes)));
};
template <>
struct Registers<double> {
  typedef double Native __attribute__((vector_size(pack_bytes)));
  typedef std::int64_t Int;
  typedef std::int64_t IntLanes __attribute__((vector_size(pack_bytes)));
};

}  // namespace detail

template <class T>
constexpr int pack_width = detail::pack_bytes / int(sizeof(T));

template <class T>
struct Pack {
  using Native = typename detail::Registers<T>::Native;
  Native native;

  Pack() = default;
  Pack(Native values) : native(values) {}
  explicit Pack(T value) : native(value - Native{}) {}  // the same in every lane

  static Pack load(const T* from) {
    Pack pack;
    std::memcpy(&pack.native, from, sizeof pack.native);
    return pack;
  }
  void store(T* to) const { std::memcpy(to, &native, sizeof native); }

  friend Pack operator+(Pack a, Pack b) { return a.native + b.native; }
  friend Pack operator-(Pack a, Pack b) { return a.native - b.native; }
  friend Pack operator*(Pack a, Pack b) { return a.native * b.native; }
  friend Pack operator/(Pack a, Pack b) { return a.native / b.native; }
  friend Pack operator-(Pack a) { return -a.native; }
  Pack& operator+=(Pack b) { return *this = *this + b; }
};

template <class T>
KOKKOS_FORCEINLINE_FUNCTION T load(const T* from, T) {
  return *from;
}
template <class T>
Pack<T> load(const T* from, Pack<T>) {
  return Pack<T>::load(from);
}
template <class T>
KOKKOS_FORCEINLINE_FUNCTION void store(T value, T* to) {
  *to = value;
}
template <class T>
void store(Pack<T> value, T* to) {
  value.store(to);
}

/// What loops on the host compute with: Packs where kernels are code of the host as well; else single
/// numbers, as nvcc takes no vector types in functions that it compiles for both.
template <class T>
using HostLanes =
    std::conditional_t<std::is_same<Kokkos::DefaultExecutionSpace::memory_space, Kokkos::HostSpace>::value,
                       Pack<T>, T>;

/// What a number type is made of: its scalar, the integer of the same width, and as many of these as it has
/// lanes.
template <class N>
struct NumberTraits {
  using Scalar = N;
  using Int = typename detail::Registers<N>::Int;
  using IntLanes = Int;
};
template <class T>
struct NumberTraits<Pack<T>> {
  using Scalar = T;
  using Int = typename detail::Registers<T>::Int;
  using IntLanes = typename detail::Registers<T>::IntLanes;
};

template <class N>
constexpr bool is_pack = sizeof(N) > sizeof(typename NumberTraits<N>::Scalar);

/// The same number in every lane.
template <class N>
KOKKOS_FORCEINLINE_FUNCTION N number(double value) {
  return N(typename NumberTraits<N>::Scalar(value));
}

template <class T>
KOKKOS_FORCEINLINE_FUNCTION bool less_than(T a, T b) {
  return a < b;
}
template <class T>
KOKKOS_FORCEINLINE_FUNCTION T select(bool condition, T yes, T no) {
  return condition ? yes : no;
}
template <class T>
typename NumberTraits<Pack<T>>::IntLanes less_than(Pack<T> a, Pack<T> b) {
  return a.native < b.native;
}
template <class T>
Pack<T> select(typename NumberTraits<Pack<T>>::IntLanes condition, Pack<T> yes, Pack<T> no) {
  return Pack<T>(condition ? yes.native : no.native);
}

/// Integers as numbers, lane by lane.
template <class N, class Lanes>
KOKKOS_FORCEINLINE_FUNCTION N to_number(Lanes integers) {
  if constexpr (sizeof(Lanes) == sizeof(typename NumberTraits<N>::Scalar))
    return N(integers);
  else
    return N(__builtin_convertvector(integers, typename N::Native));
}

template <class T>
KOKKOS_FORCEINLINE_FUNCTION T square_root(T x) {
  return sqrt(x);
}
template <class T>
Pack<T> square_root(Pack<T> x) {
  for (int lane = 0; lane < pack_width<T>; ++lane)
    x.native[lane] = std::sqrt(x.native[lane]);  // one vector instruction
  return x;
}

namespace detail {

template <class To, class From>
KOKKOS_FORCEINLINE_FUNCTION To bit_cast(From from) {
  static_assert(sizeof(To) == sizeof(From), "bit_cast keeps the size");
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}

typedef std::int64_t HalfWords __attribute__((vector_size(pack_bytes / 2)));
typedef std::int64_t QuarterWords __attribute__((vector_size(pack_bytes / 4)));
template <class Part>
struct TwoParts {
  Part first, second;
  Part both() const { return first & second; }
};

}  // namespace detail

template <class T>
KOKKOS_FORCEINLINE_FUNCTION T magnitude(T x) {
  return select(less_than(x, T(0)), -x, x);
}
template <class T>
Pack<T> magnitude(Pack<T> x) {
  using Traits = NumberTraits<Pack<T>>;
  const auto bits = detail::bit_cast<typename Traits::IntLanes>(x);
  return detail::bit_cast<Pack<T>>(bits & std::numeric_limits<typename Traits::Int>::max());
}

/// Whether a comparison holds in all lanes.
KOKKOS_FORCEINLINE_FUNCTION bool all_lanes(bool condition) {
  return condition;
}
template <class IntLanes, class = std::enable_if_t<sizeof(IntLanes) == detail::pack_bytes>>
bool all_lanes(IntLanes condition) {
  // In halves, as compilers make one instruction of each step.
  const auto half = detail::bit_cast<detail::TwoParts<detail::HalfWords>>(condition).both();
  const auto quarter = detail::bit_cast<detail::TwoParts<detail::QuarterWords>>(half).both();
  return (quarter[0] & quarter[1]) == -1;
}

}  // namespace weir
