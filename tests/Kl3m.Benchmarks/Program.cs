Console.WriteLine("throughput: to come");
