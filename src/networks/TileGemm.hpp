// The host's kernel behind gemm: panels of A against a few columns of B, accumulated in registers.
//
// A panel of A is a few registers high: 4 where there are 32 of them, 2 where there are 16. What is
// transposed, or does not fill its registers, is first copied into one. For each k a panel's registers are
// multiplied by one number of each of 6 columns of B: 24 or 12 accumulators. Registers here are as long as
// the processor's; Packs may be several, which compilers then keep in memory.
#pragma once

#include <algorithm>
#include <cstring>

#include "weir/base/Pack.hpp"
#include "weir/networks/Gemm.hpp"

namespace weir {
namespace tile_gemm {

#if defined(__AVX512F__)
constexpr int register_bytes = 64, panel_registers = 4;
#elif defined(__AVX__)
constexpr int register_bytes = 32, panel_registers = 2;
#elif defined(__aarch64__)
constexpr int register_bytes = 16, panel_registers = 4;
#else
constexpr int register_bytes = 16, panel_registers = 2;
#endif
constexpr int block_columns = 6;
constexpr Index block_k = 128;  // a panel of this depth (32 KiB at most) stays in the first cache

template <class T>
struct Register;
template <>
struct Register<float> {
  typedef float Native __attribute__((vector_size(register_bytes)));
  typedef std::int32_t Lanes __attribute__((vector_size(register_bytes)));
};
template <>
struct Register<double> {
  typedef double Native __attribute__((vector_size(register_bytes)));
  typedef std::int64_t Lanes __attribute__((vector_size(register_bytes)));
};
template <class T>
constexpr int register_width = register_bytes / int(sizeof(T));

template <class T>
typename Register<T>::Native load(const T* from) {
  typename Register<T>::Native values;
  std::memcpy(&values, from, sizeof values);
  return values;
}
template <class T>
void store(typename Register<T>::Native values, T* to) {
  std::memcpy(to, &values, sizeof values);
}

/// op(B): entry (k, j) lies at data[k by_k + j by_column].
template <class T>
struct Strided {
  const T* data;
  Index by_k, by_column;
};

/// Where the results go: c = alpha sum + beta c for the panel's first `rows` rows; entry (i, j) lies at c[i
/// by_row + j by_column].
template <class T>
struct Target {
  T alpha, beta;
  T* c;
  Index by_row, by_column, rows;
};

/// A register of results whose rows are not next to each other, or not all wanted.
template <class T>
__attribute__((noinline)) void store_lanes(typename Register<T>::Native product, const Target<T>& to,
                                           Index row, Index column) {
  T scalars[register_width<T>];
  store<T>(product, scalars);
  T* c = to.c + row * to.by_row + column * to.by_column;
  const Index here = std::min<Index>(register_width<T>, to.rows - row);
  for (Index lane = 0; lane < here; ++lane) {
    T& entry = c[lane * to.by_row];
    entry = to.beta == 0 ? scalars[lane] : scalars[lane] + to.beta * entry;
  }
}

template <class T, int registers, int columns>
KOKKOS_FORCEINLINE_FUNCTION void store_sums(const typename Register<T>::Native (&sums)[columns][registers],
                                            const Target<T>& to, Index column) {
  constexpr int width = register_width<T>;
  const bool whole = registers * width <= to.rows && to.by_row == 1;
#pragma GCC unroll 12
  for (int j = 0; j < columns; ++j) {
    T* c = to.c + (column + j) * to.by_column;
#pragma GCC unroll 8
    for (int i = 0; i < registers; ++i) {
      const typename Register<T>::Native product = sums[j][i] * to.alpha;
      if (!whole)
        store_lanes<T>(product, to, i * width, column + j);
      else
        store<T>(to.beta == 0 ? product : product + load(c + i * width) * to.beta, c + i * width);
    }
  }
}

/// `registers` registers of rows of a panel with leading dimension `lda` times `columns` columns.
template <class T, int registers, int columns>
__attribute__((noinline)) void multiply(Index depth, const T* panel, Index lda, Strided<T> b,
                                        const Target<T>& to, Index column) {
  using Native = typename Register<T>::Native;
  constexpr int width = register_width<T>;
  Native sums[columns][registers];
  for (int j = 0; j < columns; ++j)
    for (int i = 0; i < registers; ++i) sums[j][i] = Native{};
  const T* from = b.data + column * b.by_column;
  for (Index k = 0; k < depth; ++k) {
    Native a[registers];
#pragma GCC unroll 8
    for (int i = 0; i < registers; ++i) a[i] = load(panel + k * lda + i * width);
#pragma GCC unroll 8
    for (int j = 0; j < columns; ++j) {
      const T factor = from[k * b.by_k + j * b.by_column];
#pragma GCC unroll 8
      for (int i = 0; i < registers; ++i) sums[j][i] += a[i] * factor;
    }
  }
  store_sums<T, registers, columns>(sums, to, column);
}

template <class T, int registers, int columns>
void multiply_rest(Index rest, Index depth, const T* panel, Index lda, Strided<T> b, const Target<T>& to,
                   Index column) {
  if constexpr (columns > 0) {
    if (rest == columns)
      multiply<T, registers, columns>(depth, panel, lda, b, to, column);
    else
      multiply_rest<T, registers, columns - 1>(rest, depth, panel, lda, b, to, column);
  }
}

/// One panel of at most `registers` registers against all n columns.
template <class T, int registers>
void multiply_panel(Index n, Index depth, const T* panel, Index lda, Strided<T> b, const Target<T>& to) {
  if constexpr (registers > 1) {
    if (to.rows <= (registers - 1) * register_width<T>)
      return multiply_panel<T, registers - 1>(n, depth, panel, lda, b, to);
  }
  constexpr int columns =
      block_columns * panel_registers / registers > 12 ? 12 : block_columns * panel_registers / registers;
  Index column = 0;
  for (; column + columns <= n; column += columns)
    multiply<T, registers, columns>(depth, panel, lda, b, to, column);
  multiply_rest<T, registers, columns - 1>(n - column, depth, panel, lda, b, to, column);
}

/// Which lanes of two rows, `half` apart, a round of the transposition below puts into the one and the other:
/// blocks of `half` lanes change places.
template <class T, int half>
struct Exchange {
  static constexpr int width = register_width<T>;
  typename NumberTraits<T>::Int first[width] = {}, second[width] = {};
  constexpr Exchange() {
    for (int lane = 0; lane < width; ++lane) {
      first[lane] = lane & half ? width + lane - half : lane;
      second[lane] = lane & half ? width + lane : lane + half;
    }
  }
  static const Exchange table;
};
template <class T, int half>
constexpr Exchange<T, half> Exchange<T, half>::table = Exchange<T, half>();

/// Lanes of a and, counted on, of b.
template <class T>
typename Register<T>::Native shuffled(typename Register<T>::Native a, typename Register<T>::Native b,
                                      typename Register<T>::Lanes lanes) {
#ifdef __clang__
  typename Register<T>::Native result;
  for (int lane = 0; lane < register_width<T>; ++lane)
    result[lane] = lanes[lane] < register_width<T> ? a[lanes[lane]] : b[lanes[lane] - register_width<T>];
  return result;
#else
  return __builtin_shuffle(a, b, lanes);
#endif
}

template <class T, int half>
void exchange(typename Register<T>::Native* rows) {
  using Native = typename Register<T>::Native;
  typename Register<T>::Lanes first, second;
  std::memcpy(&first, Exchange<T, half>::table.first, sizeof first);
  std::memcpy(&second, Exchange<T, half>::table.second, sizeof second);
#pragma GCC unroll 16
  for (int k = 0; k < register_width<T>; ++k) {
    if (k & half) continue;
    const Native a = rows[k], b = rows[k + half];
    rows[k] = shuffled<T>(a, b, first);
    rows[k + half] = shuffled<T>(a, b, second);
  }
  if constexpr (half > 1) exchange<T, half / 2>(rows);
}

/// Transposes a square of as many rows as a register has lanes: to(i, k) = from(k, i), by log2(width) rounds
/// of exchanges.
template <class T>
void transpose_square(const T* from, Index ld_from, T* to, Index ld_to) {
  constexpr int width = register_width<T>;
  typename Register<T>::Native rows[width];
#pragma GCC unroll 16
  for (int k = 0; k < width; ++k) rows[k] = load(from + k * ld_from);
  exchange<T, width / 2>(rows);
#pragma GCC unroll 16
  for (int k = 0; k < width; ++k) store<T>(rows[k], to + k * ld_to);
}

/// Copies op(A)'s rows [0, rows) of `depth` columns into a panel of whole registers, padded with zeros.
template <class T>
void fill_panel(bool transposed, const T* a, Index lda, Index rows, Index depth, T* panel, Index ld) {
  constexpr Index width = register_width<T>;
  for (Index i = 0; i < rows; i += width) {
    const Index here = std::min(width, rows - i);
    Index k = 0;
    if (transposed && here == width)
      for (; k + width <= depth; k += width) transpose_square(a + k + i * lda, lda, panel + i + k * ld, ld);
    for (; k < depth; ++k) {
      T* to = panel + i + k * ld;
      if (!transposed && here == width) {
        store<T>(load(a + i + k * lda), to);
        continue;
      }
      for (Index r = 0; r < here; ++r) to[r] = transposed ? a[k + (i + r) * lda] : a[i + r + k * lda];
      for (Index r = here; r < width; ++r) to[r] = 0;
    }
  }
}

template <class T>
void multiply_panels(Op op_a, Op op_b, Index m, Index n, Index k, T alpha, const T* a, Index lda, const T* b,
                     Index ldb, T beta, T* c, Index by_row, Index by_column) {
  constexpr Index width = register_width<T>, panel_rows = panel_registers * width;
  alignas(64) static thread_local T copy[panel_rows * block_k];
  const bool transposed = op_a == Op::transpose;
  for (Index first_k = 0; first_k < k; first_k += block_k) {
    const Index depth = std::min(block_k, k - first_k);
    const T* b_here = b + (op_b == Op::none ? first_k : first_k * ldb);
    const Strided<T> b_block{b_here, op_b == Op::none ? 1 : ldb, op_b == Op::none ? ldb : 1};
    for (Index row = 0; row < m; row += panel_rows) {
      const Index rows = std::min(panel_rows, m - row);
      const T* a_here = transposed ? a + first_k + row * lda : a + row + first_k * lda;
      const Target<T> to{alpha, first_k == 0 ? beta : T(1), c + row * by_row, by_row, by_column, rows};
      if (!transposed && rows % width == 0) {
        multiply_panel<T, panel_registers>(n, depth, a_here, lda, b_block, to);
      } else {
        const Index ld = (rows + width - 1) / width * width;
        fill_panel(transposed, a_here, lda, rows, depth, copy, ld);
        multiply_panel<T, panel_registers>(n, depth, copy, ld, b_block, to);
      }
    }
  }
}

template <class T>
void multiply_all(Op op_a, Op op_b, Index m, Index n, Index k, T alpha, const T* a, Index lda, const T* b,
                  Index ldb, T beta, T* c, Index ldc) {
  const auto other = [](Op op) { return op == Op::none ? Op::transpose : Op::none; };
  // A few rows would leave most of a register empty: C' = op(B)' op(A)' has a few columns instead.
  if (m <= block_columns && m < n)
    multiply_panels(other(op_b), other(op_a), n, m, k, alpha, b, ldb, a, lda, beta, c, ldc, Index(1));
  else
    multiply_panels(op_a, op_b, m, n, k, alpha, a, lda, b, ldb, beta, c, Index(1), ldc);
}

}  // namespace tile_gemm
}  // namespace weir
