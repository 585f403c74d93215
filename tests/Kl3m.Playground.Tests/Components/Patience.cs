using System.Runtime.CompilerServices;
using Bunit;

namespace Kl3m.Playground.Tests.Components;

/// <summary>How long tests of components wait for what must come: a crowded machine is slow, not wrong.</summary>
internal static class Patience
{
    [ModuleInitializer]
    internal static void Set() => BunitContext.DefaultWaitTimeout = TimeSpan.FromSeconds(30);
}
