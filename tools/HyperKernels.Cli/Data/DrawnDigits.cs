using System.Numerics;

namespace HyperKernels.Cli.Data;

/// <summary>
/// Digits that the program draws itself, 28 by 28, so that it can be tried without any data: pen strokes with jitter in their points,
/// a random affine map, thickness and ink, drawn with smooth edges, and a little noise.
/// </summary>
internal static class DrawnDigits
{
    public const int Side = 28;

    // Written digits are about 20 high in a frame of 28, as in MNIST.
    private const float InkHeight = 20;
    private const float InkWidth = 17;
    private const int PiecesPerSpan = 5;
    private const int MostPoints = 128;

    /// <summary>Draws images; image i depends on the seed and on i alone.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">Of the whole set.</param>
    /// <param name="threads">How many threads draw.</param>
    public static ImageSet Make(int count, int seed, int threads)
    {
        byte[] pixels = new byte[count * Side * Side];
        byte[] labels = new byte[count];
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, i =>
        {
            SplitMix random = new(seed, i);
            int digit = random.Below(10);
            labels[i] = (byte)digit;
            Draw(digit, ref random, pixels.AsSpan(i * Side * Side, Side * Side));
        });
        return new ImageSet("drawn digits", pixels, labels, Side, Side);
    }

    private static void Draw(int digit, ref SplitMix random, Span<byte> pixels)
    {
        Stroke[][] ways = DigitStrokes.Ways(digit);
        Stroke[] strokes = ways[random.Below(ways.Length)];
        Matrix3x2 place = RandomPlace(ref random);
        float radius = random.Uniform(0.7f, 1.6f);
        float ink = random.Uniform(0.8f, 1);
        Span<float> image = stackalloc float[Side * Side];
        image.Clear();
        Span<Vector2> path = stackalloc Vector2[MostPoints];
        Span<Vector2> knots = stackalloc Vector2[MostPoints];
        foreach (Stroke stroke in strokes)
        {
            for (int i = 0; i < stroke.Points.Length; i++)
            {
                Vector2 jitter = new Vector2(random.Bell(), random.Bell()) * 0.04f;
                knots[i] = Vector2.Transform(stroke.Points[i] + jitter, place);
            }
            int count = Trace(stroke, knots[..stroke.Points.Length], path);
            for (int i = 1; i < count; i++)
            {
                Segment(path[i - 1], path[i], radius, image);
            }
        }
        float noise = random.Uniform(0, 0.1f);
        for (int i = 0; i < image.Length; i++)
        {
            float value = (image[i] * ink) + (noise * random.Bell());
            pixels[i] = (byte)((Math.Clamp(value, 0, 1) * 255) + 0.5f);
        }
    }

    // Shear, turn, scale and shift about the middle of the box.
    private static Matrix3x2 RandomPlace(ref SplitMix random)
    {
        Matrix3x2 place = Matrix3x2.CreateTranslation(-0.5f, -0.5f);
        place *= Matrix3x2.CreateScale(InkWidth * random.Uniform(0.6f, 1.1f), InkHeight * random.Uniform(0.75f, 1.05f));
        place *= Matrix3x2.CreateSkew(-0.16f * random.Bell(), 0);
        place *= Matrix3x2.CreateRotation(0.12f * random.Bell());
        float middle = (Side - 1) / 2f;
        return place * Matrix3x2.CreateTranslation(middle + random.Uniform(-2, 2), middle + random.Uniform(-2, 2));
    }

    // Straight lines between the knots, or the Catmull-Rom curve through them.
    private static int Trace(Stroke stroke, ReadOnlySpan<Vector2> knots, Span<Vector2> path)
    {
        if (!stroke.Smooth)
        {
            knots.CopyTo(path);
            return knots.Length;
        }
        int spans = stroke.Closed ? knots.Length : knots.Length - 1;
        int count = 0;
        for (int span = 0; span < spans; span++)
        {
            Vector2 before = Knot(knots, span - 1, stroke.Closed);
            Vector2 from = Knot(knots, span, stroke.Closed);
            Vector2 to = Knot(knots, span + 1, stroke.Closed);
            Vector2 after = Knot(knots, span + 2, stroke.Closed);
            for (int piece = 0; piece < PiecesPerSpan; piece++)
            {
                float t = piece / (float)PiecesPerSpan;
                path[count++] = 0.5f * ((2 * from) + ((to - before) * t)
                    + (((2 * before) - (5 * from) + (4 * to) - after) * (t * t))
                    + (((3 * from) - before - (3 * to) + after) * (t * t * t)));
            }
        }
        path[count++] = Knot(knots, spans, stroke.Closed);
        return count;
    }

    private static Vector2 Knot(ReadOnlySpan<Vector2> knots, int i, bool closed) =>
        closed ? knots[(i + knots.Length) % knots.Length] : knots[Math.Clamp(i, 0, knots.Length - 1)];

    // A pixel is as dark as it lies under the pen: the distance to the line decides, over an edge one pixel wide.
    private static void Segment(Vector2 from, Vector2 to, float radius, Span<float> image)
    {
        float reach = radius + 0.5f;
        int left = Math.Max(0, (int)MathF.Ceiling(MathF.Min(from.X, to.X) - reach));
        int right = Math.Min(Side - 1, (int)MathF.Floor(MathF.Max(from.X, to.X) + reach));
        int top = Math.Max(0, (int)MathF.Ceiling(MathF.Min(from.Y, to.Y) - reach));
        int bottom = Math.Min(Side - 1, (int)MathF.Floor(MathF.Max(from.Y, to.Y) + reach));
        Vector2 along = to - from;
        float scale = 1 / MathF.Max(along.LengthSquared(), 1e-12f);
        for (int y = top; y <= bottom; y++)
        {
            for (int x = left; x <= right; x++)
            {
                Vector2 here = new Vector2(x, y) - from;
                float t = Math.Clamp(Vector2.Dot(here, along) * scale, 0, 1);
                float dark = Math.Clamp(reach - (here - (along * t)).Length(), 0, 1);
                ref float pixel = ref image[(y * Side) + x];
                pixel = MathF.Max(pixel, dark);
            }
        }
    }
}
