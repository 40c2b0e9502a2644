namespace HyperKernels.Gpu;

/// <summary>
/// One side of a product over tiles: a matrix, the patches of images, products formed on the way. Lines are its rows on the left side, its columns on the
/// right, counted in the tile.
/// </summary>
internal interface IOperand
{
    /// <summary>Whether a thread fetches four elements along k of one line, as where k lies together, or those of four neighbouring lines at one k.</summary>
    bool IsDeep { get; }

    /// <summary>
    /// Four elements, the first of them of a line and a k, both multiples of four in the direction of the four; zeros outside the matrix and from the end of k
    /// on. A thread asks for one line only (<see cref="Tile.FetchLine{TTile}"/>), for k that grow: what follows from the line may be worked out before.
    /// </summary>
    F4 Get(int line, int k);
}
