namespace HyperKernels.Models;

/// <summary>
/// What a student of LightHGNN learns by: <c>L = l CE(student, labels) + (1 - l) (soft + high)</c> with the mean over nodes of the divergence between the class
/// distributions of teacher and student, and the mean over the kept hyperedges of that between the members' mean distributions.
/// </summary>
/// <remarks>
/// <para>
/// The paper's divergence is <c>KL(teacher || student)</c>; the authors' script computes something else, see <see cref="DivergenceForm.Released"/>. The
/// temperature divides the hyperedges' mean distributions, as in the authors' code, and leaves the nodes' alone. Hyperedges without members add zero, and so
/// does the high-order term where no hyperedge is kept.
/// </para>
/// <para>Source: Feng, Luo, Ying, Gao, LightHGNN, ICLR 2024 (arXiv 2402.04296), section 4.</para>
/// </remarks>
public sealed class LightHgnnLoss
{
    private const float SmallestNormal = 1.17549435e-38f;

    /// <summary>Makes the loss.</summary>
    /// <param name="labelWeight">l, the part of the labels; 0 in the authors' runs.</param>
    /// <param name="temperature">What hyperedges' distributions are divided by.</param>
    /// <param name="divergence">The paper's divergence or the released one.</param>
    /// <exception cref="ArgumentException">labelWeight is not in [0, 1], or temperature is not positive.</exception>
    public LightHgnnLoss(float labelWeight = 0, float temperature = 1, DivergenceForm divergence = DivergenceForm.KullbackLeibler)
    {
        if (!(labelWeight >= 0 && labelWeight <= 1))
        {
            throw new ArgumentException($"LightHgnnLoss: labelWeight must be in [0, 1]; got {labelWeight}.");
        }
        if (!(temperature > 0 && float.IsFinite(temperature)))
        {
            throw new ArgumentException($"LightHgnnLoss: temperature must be positive; got {temperature}.");
        }
        (LabelWeight, Temperature, Divergence) = (labelWeight, temperature, divergence);
    }

    /// <summary>l.</summary>
    public float LabelWeight { get; }

    /// <summary>What hyperedges' distributions are divided by.</summary>
    public float Temperature { get; }

    /// <summary>How distributions are compared.</summary>
    public DivergenceForm Divergence { get; }

    /// <summary>Computes the whole loss.</summary>
    /// <param name="student">The student's logits, <c>[N, classes]</c>.</param>
    /// <param name="teacher">The teacher's, <c>[N, classes]</c>: made before the step, so that it does not learn.</param>
    /// <param name="labelled">The nodes whose labels are known, integers <c>[T]</c>.</param>
    /// <param name="labels">Their classes, integers <c>[T]</c>.</param>
    /// <param name="graph">N nodes, E hyperedges; null drops the high-order term (LightHGNN without the plus).</param>
    /// <param name="kept">1 for hyperedges that count, 0 for others, <c>[E]</c>: of <see cref="EdgeReliability.Sample"/>; null keeps all.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Loss(Tensor student, Tensor teacher, Tensor labelled, Tensor labels, Hypergraph? graph = null, Tensor? kept = null)
    {
        Tensor distilled = SoftTarget(student, teacher);
        if (graph is not null)
        {
            distilled = Ops.Add(distilled, HighOrder(student, teacher, graph, kept));
        }
        Tensor supervised = Ops.CrossEntropy(Ops.GatherRows(student, labelled), labels);
        return Ops.Add(Ops.MultiplyScalar(supervised, LabelWeight), Ops.MultiplyScalar(distilled, 1 - LabelWeight));
    }

    /// <summary>The mean over nodes of the divergence of their class distributions.</summary>
    /// <param name="student">Logits, <c>[N, classes]</c>.</param>
    /// <param name="teacher">Logits, <c>[N, classes]</c>.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public Tensor SoftTarget(Tensor student, Tensor teacher)
    {
        CheckLogits(student, teacher);
        Tensor rows = Compare(Ops.LogSoftmax(student), Ops.Softmax(teacher));
        return Ops.Mean(rows);
    }

    /// <summary>The mean over the kept hyperedges of the divergence of their members' mean class distributions.</summary>
    /// <param name="student">Logits, <c>[N, classes]</c>.</param>
    /// <param name="teacher">Logits, <c>[N, classes]</c>.</param>
    /// <param name="graph">N nodes, E hyperedges; its weights play no part.</param>
    /// <param name="kept">1 for hyperedges that count, 0 for others, <c>[E]</c>; null keeps all.</param>
    /// <returns>A scalar; zero if none is kept.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor HighOrder(Tensor student, Tensor teacher, Hypergraph graph, Tensor? kept = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        CheckLogits(student, teacher);
        Tensor mask = kept ?? Tensor.Ones([graph.EdgeCount], student.Device);
        if (mask.Rank != 1 || mask.Shape[0] != graph.EdgeCount)
        {
            throw new ArgumentException($"LightHgnnLoss: kept must be [{graph.EdgeCount}], one per hyperedge; got {mask.Shape}.");
        }
        Tensor studentMean = MemberMean.Of(Ops.Softmax(student), graph.Incidence);
        Tensor teacherMean = MemberMean.Of(Ops.Softmax(teacher), graph.Incidence);
        Tensor rows = Compare(Ops.Log(Ops.Clamp(Scaled(studentMean), SmallestNormal, float.MaxValue)), Scaled(teacherMean));
        Tensor some = Ops.Step(Ops.Sum(teacherMean, [1]));
        Tensor count = Ops.Clamp(Ops.Sum(mask), 1, float.MaxValue);
        return Ops.Divide(Ops.Sum(Ops.Multiply(rows, Ops.Multiply(mask, some))), count);
    }

    private Tensor Scaled(Tensor distributions) => Temperature == 1 ? distributions : Ops.MultiplyScalar(distributions, 1 / Temperature);

    private Tensor Compare(Tensor logStudent, Tensor teacher)
    {
        Tensor elements = Divergence == DivergenceForm.Released
            ? Ops.Multiply(Ops.Exp(teacher), Ops.Subtract(teacher, logStudent))
            : Ops.KullbackLeibler(logStudent, teacher, Reduction.None);
        return Ops.Sum(elements, [1]);
    }

    private static void CheckLogits(Tensor student, Tensor teacher)
    {
        if (student.Rank != 2 || student.Shape != teacher.Shape)
        {
            throw new ArgumentException($"LightHgnnLoss: student and teacher must both be [N, classes]; got {student.Shape} and {teacher.Shape}.");
        }
    }
}
