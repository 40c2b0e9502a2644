namespace HyperKernels.Tests.Layers;

/// <summary>What layers compute, as plain loops in double precision.</summary>
internal static class PlainLayers
{
    internal static double[] Linear(double[] x, double[] weight, double[]? bias, int inputs, int outputs)
    {
        int rows = x.Length / inputs;
        double[] y = new double[rows * outputs];
        for (int row = 0; row < rows; row++)
        {
            for (int o = 0; o < outputs; o++)
            {
                double sum = bias?[o] ?? 0;
                for (int i = 0; i < inputs; i++)
                {
                    sum += x[(row * inputs) + i] * weight[(o * inputs) + i];
                }
                y[(row * outputs) + o] = sum;
            }
        }
        return y;
    }

    /// <summary>x [batch, inputs, height, width], weight [outputs, inputs / groups, kernelHeight, kernelWidth].</summary>
    internal static double[] Conv2d(
        double[] x,
        double[] weight,
        double[]? bias,
        (int Batch, int Inputs, int Height, int Width) size,
        (int Outputs, int Height, int Width) kernel,
        (int Height, int Width) stride,
        (int Height, int Width) padding,
        (int Height, int Width) dilation,
        int groups)
    {
        int outHeight = ((size.Height + (2 * padding.Height) - (dilation.Height * (kernel.Height - 1)) - 1) / stride.Height) + 1;
        int outWidth = ((size.Width + (2 * padding.Width) - (dilation.Width * (kernel.Width - 1)) - 1) / stride.Width) + 1;
        int inGroup = size.Inputs / groups;
        double[] y = new double[size.Batch * kernel.Outputs * outHeight * outWidth];
        int at = 0;
        for (int b = 0; b < size.Batch; b++)
        {
            for (int o = 0; o < kernel.Outputs; o++)
            {
                int firstInput = o / (kernel.Outputs / groups) * inGroup;
                for (int row = 0; row < outHeight; row++)
                {
                    for (int column = 0; column < outWidth; column++)
                    {
                        double sum = bias?[o] ?? 0;
                        for (int i = 0; i < inGroup; i++)
                        {
                            for (int ky = 0; ky < kernel.Height; ky++)
                            {
                                for (int kx = 0; kx < kernel.Width; kx++)
                                {
                                    int h = (row * stride.Height) + (ky * dilation.Height) - padding.Height;
                                    int w = (column * stride.Width) + (kx * dilation.Width) - padding.Width;
                                    if (h >= 0 && h < size.Height && w >= 0 && w < size.Width)
                                    {
                                        double value = x[(((((b * size.Inputs) + firstInput + i) * size.Height) + h) * size.Width) + w];
                                        sum += value * weight[(((((o * inGroup) + i) * kernel.Height) + ky) * kernel.Width) + kx];
                                    }
                                }
                            }
                        }
                        y[at++] = sum;
                    }
                }
            }
        }
        return y;
    }

    /// <summary>Normalises consecutive stretches; centred or not.</summary>
    internal static double[] Normalize(double[] x, int length, double epsilon, bool centred)
    {
        double[] y = new double[x.Length];
        for (int start = 0; start < x.Length; start += length)
        {
            double mean = centred ? x.Skip(start).Take(length).Average() : 0;
            double square = x.Skip(start).Take(length).Average(value => (value - mean) * (value - mean));
            for (int i = start; i < start + length; i++)
            {
                y[i] = (x[i] - mean) / Math.Sqrt(square + epsilon);
            }
        }
        return y;
    }

    /// <summary>Multiplies and adds per channel: x [batch, channels, positions].</summary>
    internal static double[] ScaleChannels(double[] x, double[] gain, double[] bias, int positions)
    {
        double[] y = new double[x.Length];
        for (int i = 0; i < x.Length; i++)
        {
            int channel = i / positions % gain.Length;
            y[i] = (x[i] * gain[channel]) + bias[channel];
        }
        return y;
    }

    /// <summary>PyTorch's documentation of GRUCell, one line a formula.</summary>
    internal static double[] GruCell(double[][] parameters, double[] x, double[] h, int inputs, int hidden)
    {
        double[] fromInput = Linear(x, parameters[0], parameters.Length > 2 ? parameters[2] : null, inputs, 3 * hidden);
        double[] fromState = Linear(h, parameters[1], parameters.Length > 2 ? parameters[3] : null, hidden, 3 * hidden);
        double[] next = new double[h.Length];
        for (int b = 0; b < h.Length / hidden; b++)
        {
            for (int k = 0; k < hidden; k++)
            {
                int at = (b * 3 * hidden) + k;
                double r = Sigmoid(fromInput[at] + fromState[at]);
                double z = Sigmoid(fromInput[at + hidden] + fromState[at + hidden]);
                double n = Math.Tanh(fromInput[at + (2 * hidden)] + (r * fromState[at + (2 * hidden)]));
                next[(b * hidden) + k] = ((1 - z) * n) + (z * h[(b * hidden) + k]);
            }
        }
        return next;
    }

    /// <summary>PyTorch's documentation of LSTMCell, one line a formula.</summary>
    internal static (double[] Hidden, double[] Cell) LstmCell(double[][] parameters, double[] x, double[] h, double[] c, int inputs, int hidden)
    {
        double[] fromInput = Linear(x, parameters[0], parameters.Length > 2 ? parameters[2] : null, inputs, 4 * hidden);
        double[] fromState = Linear(h, parameters[1], parameters.Length > 2 ? parameters[3] : null, hidden, 4 * hidden);
        double[] nextHidden = new double[h.Length];
        double[] nextCell = new double[h.Length];
        for (int b = 0; b < h.Length / hidden; b++)
        {
            for (int k = 0; k < hidden; k++)
            {
                int at = (b * 4 * hidden) + k;
                double i = Sigmoid(fromInput[at] + fromState[at]);
                double f = Sigmoid(fromInput[at + hidden] + fromState[at + hidden]);
                double g = Math.Tanh(fromInput[at + (2 * hidden)] + fromState[at + (2 * hidden)]);
                double o = Sigmoid(fromInput[at + (3 * hidden)] + fromState[at + (3 * hidden)]);
                double cell = (f * c[(b * hidden) + k]) + (i * g);
                nextCell[(b * hidden) + k] = cell;
                nextHidden[(b * hidden) + k] = o * Math.Tanh(cell);
            }
        }
        return (nextHidden, nextCell);
    }

    internal static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
