using System.Numerics.Tensors;

namespace HyperKernels.Layers;

/// <summary>The Q of a Gaussian matrix with positive R: evenly spread over the orthonormal matrices.</summary>
internal sealed class OrthogonalInitializer(double gain) : Initializer
{
    public override void Fill(Span<float> values, Shape shape, RandomStream random)
    {
        if (shape.Rank < 2)
        {
            Throw.Argument($"Initializer.Orthogonal: a matrix or more axes are needed; got {shape}.");
        }
        Normal().Fill(values, shape, random);
        int rows = shape[0];
        int columns = values.Length / rows;

        // The shorter side's vectors are made orthonormal: rows as they lie, or columns through a transpose.
        bool byRows = rows <= columns;
        int count = byRows ? rows : columns;
        int length = byRows ? columns : rows;
        double[][] vectors = new double[count][];
        for (int i = 0; i < count; i++)
        {
            vectors[i] = new double[length];
            for (int j = 0; j < length; j++)
            {
                vectors[i][j] = byRows ? values[(i * columns) + j] : values[(j * columns) + i];
            }
            Orthonormalise(vectors, i);
        }
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < length; j++)
            {
                values[byRows ? (i * columns) + j : (j * columns) + i] = (float)(gain * vectors[i][j]);
            }
        }
    }

    private static void Orthonormalise(double[][] vectors, int index)
    {
        double[] vector = vectors[index];

        // Gram and Schmidt twice: the second pass removes what rounding left of the first.
        for (int pass = 0; pass < 2; pass++)
        {
            for (int other = 0; other < index; other++)
            {
                double along = TensorPrimitives.Dot<double>(vector, vectors[other]);
                TensorPrimitives.MultiplyAdd(vectors[other], -along, vector, vector);
            }
        }
        TensorPrimitives.Divide(vector, TensorPrimitives.Norm<double>(vector), vector);
    }
}
