namespace HyperKernels.Cli.Data;

/// <summary>Turns images about their middle, with bilinear interpolation; what comes from outside is black.</summary>
internal static class ImageRotation
{
    /// <summary>Turns every image by its own angle.</summary>
    /// <param name="images">[B, height, width].</param>
    /// <param name="angles">B angles in degrees; positive turns counter-clockwise as seen on a screen.</param>
    /// <param name="height">Rows of an image.</param>
    /// <param name="width">Columns of an image.</param>
    /// <param name="turned">Receives [B, height, width]; not the same memory as <paramref name="images"/>.</param>
    public static void Turn(ReadOnlySpan<float> images, ReadOnlySpan<float> angles, int height, int width, Span<float> turned)
    {
        int size = height * width;
        if (images.Length != (long)angles.Length * size || turned.Length != images.Length)
        {
            throw new ArgumentException(
                $"ImageRotation.Turn: {angles.Length} images of {height} x {width} need {(long)angles.Length * size} pixels; got {images.Length} and room for {turned.Length}.");
        }
        for (int i = 0; i < angles.Length; i++)
        {
            TurnOne(images.Slice(i * size, size), angles[i], height, width, turned.Slice(i * size, size));
        }
    }

    private static void TurnOne(ReadOnlySpan<float> image, float angle, int height, int width, Span<float> turned)
    {
        (float sin, float cos) = MathF.SinCos(angle * (MathF.PI / 180));
        float middleX = (width - 1) / 2f;
        float middleY = (height - 1) / 2f;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                // Where this pixel was before the turn; y points down.
                float dx = x - middleX;
                float dy = y - middleY;
                float fromX = middleX + (cos * dx) - (sin * dy);
                float fromY = middleY + (sin * dx) + (cos * dy);
                turned[(y * width) + x] = Sample(image, fromX, fromY, height, width);
            }
        }
    }

    private static float Sample(ReadOnlySpan<float> image, float x, float y, int height, int width)
    {
        float left = MathF.Floor(x);
        float top = MathF.Floor(y);
        float shareX = x - left;
        float shareY = y - top;
        int column = (int)left;
        int row = (int)top;
        float above = ((1 - shareX) * At(image, row, column, height, width)) + (shareX * At(image, row, column + 1, height, width));
        float below = ((1 - shareX) * At(image, row + 1, column, height, width)) + (shareX * At(image, row + 1, column + 1, height, width));
        return ((1 - shareY) * above) + (shareY * below);
    }

    private static float At(ReadOnlySpan<float> image, int row, int column, int height, int width) =>
        (uint)row < (uint)height && (uint)column < (uint)width ? image[(row * width) + column] : 0;
}
