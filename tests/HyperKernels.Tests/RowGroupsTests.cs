namespace HyperKernels.Tests;

public sealed class RowGroupsTests
{
    [Test]
    public void Of_SortsStably_AndKnowsTheWayBack()
    {
        using MemoryScope scope = new();
        RowGroups groups = RowGroups.Of([2, 0, 2, 3, 0, 2], groups: 5);
        Tensor rows = Tensor.From([10f, 11, 12, 13, 14, 15], [6, 1]);
        Tensor sorted = Ops.GatherRows(rows, groups.Order);
        Assert.Multiple(() =>
        {
            Assert.That(groups.Offsets.ToArray(), Is.EqualTo(new[] { 0, 2, 2, 5, 6, 6 }));
            Assert.That(sorted.ToArray(), Is.EqualTo(new[] { 11f, 14, 10, 12, 15, 13 }));
            Assert.That(Ops.GatherRows(sorted, groups.Places).ToArray(), Is.EqualTo(rows.ToArray()));
        });
    }

    [Test]
    public void Of_TensorOfAnyShape_IsReadRowByRow()
    {
        using MemoryScope scope = new();
        (_, Tensor chosen) = Ops.TopK(Tensor.From([0f, 2, 1, 5, 4, 3], [2, 3]), 2);
        RowGroups groups = RowGroups.Of(chosen, 3);
        Assert.That(groups.Order.ToIntArray(), Is.EqualTo(new[] { 2, 0, 3, 1 }), "row 0 chose 1 and 2, row 1 chose 0 and 1");
    }

    [Test]
    public void Of_WhatIsNoGroup_IsRefused()
    {
        using MemoryScope scope = new();
        Assert.Multiple(() =>
        {
            Assert.That(() => RowGroups.Of([0, 3], 3), Throws.ArgumentException.With.Message.EqualTo("RowGroups: groups must be numbers from 0 to 2; got 3."));
            Assert.That(() => RowGroups.Of([], 0), Throws.ArgumentException.With.Message.EqualTo("RowGroups: there must be at least one group; got 0."));
            Assert.That(
                () => RowGroups.Of(Tensor.Ones([2]), 3), Throws.ArgumentException.With.Message.StartsWith("RowGroups: the group of each row must be an integer; got "));
        });
    }

    [Test]
    public void LinearGrouped_ShapesThatDoNotFit_AreRefused()
    {
        using MemoryScope scope = new();
        RowGroups groups = RowGroups.Of([0, 1, 1], 2);
        Assert.Multiple(() =>
        {
            Assert.That(
                () => Ops.LinearGrouped(Tensor.Ones([4, 5]), Tensor.Ones([2, 6, 5]), groups),
                Throws.ArgumentException.With.Message.EqualTo(
                    "LinearGrouped: x must be [rows, I] and the weight [groups, O, I] for 3 rows in 2 groups; got x [4, 5] and weight [2, 6, 5]."));
            Assert.That(
                () => Ops.LinearGrouped(Tensor.Ones([3, 5]), Tensor.Ones([2, 6, 5]), groups, Tensor.Ones([6])),
                Throws.ArgumentException.With.Message.EqualTo("LinearGrouped: the bias must be [groups, O], here [2, 6]; got [6]."));
        });
    }
}
