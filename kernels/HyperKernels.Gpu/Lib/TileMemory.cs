using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>The group memory of a product over tiles: of each operand two buffers, of which one is filled while the other is multiplied.</summary>
internal struct TileMemory
{
    public ArrayView<F4> A;
    public ArrayView<F4> B;

    /// <summary>For the top of a kernel. Several products may use it in turn.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TileMemory Of<TTile>()
        where TTile : struct, ITile<TTile>
    {
        TileMemory memory = default;
        memory.A = SharedMemory.Allocate1D<F4>(2 * Tile.Buffer<TTile>()).AsContiguous();
        memory.B = SharedMemory.Allocate1D<F4>(2 * Tile.Buffer<TTile>()).AsContiguous();
        return memory;
    }
}
