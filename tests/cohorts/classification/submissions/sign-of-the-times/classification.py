from my_functions import *
