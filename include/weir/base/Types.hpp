// The number and index types of Weir, and where its kernels run.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace weir {

using Real = double;         ///< State, energies, sums. Networks and pair kernels may compute in float.
using Index = std::int64_t;  ///< Global and local counts: safe beyond 2^31.

using ExecutionSpace = Kokkos::DefaultExecutionSpace;

/// Where Views live: memory that kernels and the host both reach, which is managed memory on a device.
/// Kernels may still run when their launch returns: the host calls Kokkos::fence() before it reads what they
/// write, and before it writes what they read.
#ifdef KOKKOS_HAS_SHARED_SPACE
using MemorySpace = Kokkos::SharedSpace;
#else
using MemorySpace = ExecutionSpace::memory_space;
#endif
static_assert(Kokkos::SpaceAccessibility<Kokkos::DefaultHostExecutionSpace, MemorySpace>::accessible,
              "a device needs Kokkos 4 or later, which has memory that the host reaches too");
static_assert(Kokkos::SpaceAccessibility<ExecutionSpace, MemorySpace>::accessible,
              "kernels reach the memory of Views");

/// Whether kernels are code of the host, which is done when their launch returns.
constexpr bool kernels_on_host = std::is_same<MemorySpace, Kokkos::HostSpace>::value;

/// What a kernel runs over: [first, last), counted in Index.
using Range = Kokkos::RangePolicy<ExecutionSpace, Kokkos::IndexType<Index>>;

/// A number that kernels know when they are compiled. (What std::integral_constant converts by is code of the
/// host.)
template <int value>
struct Constant {
  KOKKOS_INLINE_FUNCTION constexpr operator int() const { return value; }
};

/// Calls body(d) with a number that the compiler knows where d is small, as kernels run faster then.
template <class Body>
void with_dimension(int d, Body body) {
  if (d == 1)
    body(Constant<1>());
  else if (d == 2)
    body(Constant<2>());
  else if (d == 3)
    body(Constant<3>());
  else
    body(d);
}

/// Components x particles: one particle is contiguous, a tile is a column-major matrix as BLAS takes it.
template <class T>
using Matrix = Kokkos::View<T**, Kokkos::LayoutLeft, MemorySpace>;
template <class T>
using Vector = Kokkos::View<T*, MemorySpace>;
/// The same on memory that somebody else owns.
template <class T>
using MatrixRef = Kokkos::View<T**, Kokkos::LayoutLeft, MemorySpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
template <class T>
using VectorRef = Kokkos::View<T*, MemorySpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;

/// The first `count` columns of a matrix.
template <class T>
MatrixRef<T> first_columns(const Matrix<T>& matrix, Index count) {
  return MatrixRef<T>(matrix.data(), matrix.extent(0), std::size_t(count));
}

template <class T>
using HostMatrix = Kokkos::View<T**, Kokkos::LayoutLeft, Kokkos::HostSpace>;
/// What create_mirror_view of a view is: its member type for that has another name since Kokkos 5.
template <class View>
using HostMirrorOf = decltype(Kokkos::create_mirror_view(std::declval<const View&>()));

}  // namespace weir
