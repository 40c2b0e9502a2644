namespace HyperKernels.Gpu;

/// <summary>Where the sums of a product over tiles go.</summary>
internal interface IResult
{
    /// <summary>Takes 4 x 4 neighbours that begin at a row and a column of the matrix, both multiples of four; some or all may lie outside.</summary>
    void Set(int row, int column, Tile44 sums);
}
