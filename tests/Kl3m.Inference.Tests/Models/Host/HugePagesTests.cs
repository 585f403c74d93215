using Kl3m.Inference.Models.Host;

namespace Kl3m.Inference.Tests.Models.Host;

public sealed unsafe class HugePagesTests
{
    [Fact]
    public void What_is_in_memory_stays_when_its_pages_become_large()
    {
        const int Length = 5 * HugePages.Size / sizeof(int);
        using var memory = new HostMemory<int>(Length + 100);
        // Not where a page starts, nor to where one ends.
        var numbers = new Span<int>(memory.Start + 77, Length);
        for (var i = 0; i < Length; i++)
        {
            numbers[i] = i;
        }
        var wrong = 0;
        HugePages.Move(memory.Start + 77, Length * sizeof(int));
        for (var i = 0; i < Length; i++)
        {
            wrong += numbers[i] == i ? 0 : 1;
        }
        Assert.Equal(0, wrong);
    }
}
