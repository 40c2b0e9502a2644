using System.Runtime.InteropServices;
using JpegLibrary;

namespace HyperKernels.Interchange;

/// <summary>Takes the blocks of a JPEG image that is decoded: brightness and two colour differences for each pixel.</summary>
/// <remarks>Source: JPEG File Interchange Format, version 1.02, "Color space".</remarks>
internal sealed class JpegPlanes(int height, int width, int components) : JpegBlockOutputWriter
{
    private const int Side = 8;

    private readonly byte[] _values = new byte[height * width * components];

    public override void WriteBlock(ref short blockRef, int componentIndex, int x, int y)
    {
        if (x < 0 || y < 0 || x >= width || y >= height || componentIndex >= components)
        {
            return;
        }
        ReadOnlySpan<short> block = MemoryMarshal.CreateReadOnlySpan(ref blockRef, Side * Side);
        int rows = Math.Min(Side, height - y);
        int columns = Math.Min(Side, width - x);
        for (int row = 0; row < rows; row++)
        {
            int at = ((((y + row) * width) + x) * components) + componentIndex;
            for (int column = 0; column < columns; column++, at += components)
            {
                _values[at] = (byte)Math.Clamp((int)block[(row * Side) + column], 0, byte.MaxValue);
            }
        }
    }

    /// <summary>Red, green and blue for each pixel.</summary>
    public byte[] ToColours()
    {
        byte[] colours = new byte[height * width * 3];
        for (int i = 0; i < height * width; i++)
        {
            float brightness = _values[i * components];
            float blue = components == 1 ? 0 : _values[(i * components) + 1] - 128f;
            float red = components == 1 ? 0 : _values[(i * components) + 2] - 128f;
            colours[3 * i] = Byte(brightness + (1.402f * red));
            colours[(3 * i) + 1] = Byte(brightness - (0.344136f * blue) - (0.714136f * red));
            colours[(3 * i) + 2] = Byte(brightness + (1.772f * blue));
        }
        return colours;
    }

    private static byte Byte(float value) => (byte)Math.Clamp(MathF.Round(value), 0, byte.MaxValue);
}
